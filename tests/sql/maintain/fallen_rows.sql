\ir ../../support/operating.sql
select * from no_plan();

-- Rows of days without a partition fall into the default one; maintain() moves them to their day.
select (now() at time zone 'UTC')::date as today \gset
select to_char(:'today'::date, 'YYYYMMDD') as day0, to_char(:'today'::date - 5, 'YYYYMMDD') as day5, to_char(:'today'::date - 4, 'YYYYMMDD') as day4 \gset
drop table faultline.jobs_done_:day0, faultline.job_events_:day0;
select job_in('succeeded') as done, job_in('failed') as dead \gset
select is((select tableoid::regclass::text from faultline.jobs_done where job_id = :done), 'faultline.jobs_done_default', 'a completion does not wait for a partition');
select is((select tableoid::regclass::text from faultline.job_events where job_id = :dead), 'faultline.job_events_default', 'nor does an event');
select verify_says(array['12 default_partition_filled: jobs_done_default: it holds rows of days without a partition: let maintain() run',
                         '12 default_partition_filled: job_events_default: it holds rows of days without a partition: let maintain() run'],
  'verify says so');
-- The first and the last moment of a day that is over.
insert into faultline.jobs_done (job_id, finished_at, created_at, ready_at, attempt, failures, max_attempts, priority, from_state, state, type, queue, payload, tags)
select id, at, at, at, 1, 0, 5, 2, 'running', 'succeeded', 't', 'default', '{}', '{}'
from (values (900001, (:'today'::date - 5)::timestamp at time zone 'UTC'),
             (900002, (:'today'::date - 4)::timestamp at time zone 'UTC' - interval '1 us'),
             (900003, (:'today'::date - 4)::timestamp at time zone 'UTC')) v (id, at);
select setval('faultline.jobs_live_job_id_seq', 900003) \g /dev/null

select is(run('select faultline.maintain()')::jsonb, '{"created": 4, "moved": 5, "truncated": 0, "dropped": 0, "payloads": 0, "keys": 0, "runners": 0, "postings": 0, "runs": 0, "ticks": 0, "postponed": []}', 'it makes their partitions and moves them');
select is_empty('select from faultline.jobs_done_default union all select from faultline.job_events_default', 'the default partitions are empty');
select results_eq(format($$select job_id, tableoid::regclass::text from faultline.jobs_done where job_id > 900000 or job_id = %s order by job_id desc$$, :done),
  format($$values (900003::bigint, 'faultline.jobs_done_%s'), (900002, 'faultline.jobs_done_%s'), (900001, 'faultline.jobs_done_%s'), (%s, 'faultline.jobs_done_%s')$$,
         :'day4', :'day5', :'day5', :done, :'day0'), 'each row is in its day of UTC');
select is((select tableoid::regclass::text from faultline.job_events where job_id = :dead), 'faultline.job_events_' || :'day0', 'events too');
select is((select result from faultline.jobs where job_id = :done), '{"done": true}', 'as it was');
select healthy('nothing is wrong any more');
select everything() as before \gset
select is(run('select faultline.maintain()')::jsonb ->> 'moved', '0', 'repeated, it moves nothing');
select is(everything(), :'before', 'and changes nothing');

select * from finish();
