\ir ../../support/operating.sql
select * from no_plan();

create function tap.past(parent text) returns int[] language sql
as $$
select array(
  select (now() at time zone 'UTC')::date - to_date(right(c.relname, 8), 'YYYYMMDD')
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = ('faultline.' || parent)::regclass and c.relname ~ ('^' || parent || '_[0-9]{8}$')
    and to_date(right(c.relname, 8), 'YYYYMMDD') < (now() at time zone 'UTC')::date
  order by 1 desc)
$$;

-- History of ten days, one row each, and jobs that are not over. Time has passed since, as no verb can make it.
select faultline.set_settings('{"retention": "30 days", "event_retention": "30 days"}') \g /dev/null
select job_in('queued') as queued, job_in('running') as running, job_in('failed') as dead \gset
insert into faultline.jobs_done (job_id, finished_at, created_at, ready_at, attempt, failures, max_attempts, priority, from_state, state, type, queue, payload, tags)
select nextval('faultline.jobs_live_job_id_seq'), now() - n * interval '1 day', now(), now(), 1, 0, 5, 2, 'running', 'succeeded', 't', 'default', '{}', '{}'
from generate_series(1, 10) n;
insert into faultline.job_events (at, verb, actor) select now() - n * interval '1 day', 'pause', 'somebody' from generate_series(1, 10) n;
update faultline.jobs_live set created_at = now() - interval '400 days', finished_at = finished_at - interval '400 days' where true;
select is(faultline.maintain(), '{"created": 20, "moved": 20, "truncated": 0, "dropped": 0, "payloads": 0, "keys": 0, "runners": 0, "postings": 0, "runs": 0, "ticks": 0, "postponed": []}', 'within retention nothing goes');

-- A day goes once all of it is older than retention. Jobs and events have one each.
select faultline.set_settings('{"retention": "7 days", "event_retention": "3 days"}') \g /dev/null
select is(run('select faultline.maintain()')::jsonb, '{"created": 0, "moved": 0, "truncated": 10, "dropped": 3, "payloads": 0, "keys": 0, "runners": 0, "postings": 0, "runs": 0, "ticks": 0, "postponed": []}',
  'old days are emptied, and the tables of one parent go');
select is(past('jobs_done'), '{7,6,5,4,3,2,1}', 'jobs: a day is kept as long as one moment of it is within retention');
select is((select count(*) from faultline.jobs_done), 7::bigint, 'with its rows');
select is((select count(*) from faultline.job_events where verb = 'pause'), 3::bigint, 'events older than their own retention are gone');
select is(run('select faultline.maintain()')::jsonb, '{"created": 0, "moved": 0, "truncated": 0, "dropped": 7, "payloads": 0, "keys": 0, "runners": 0, "postings": 0, "runs": 0, "ticks": 0, "postponed": []}',
  'the tables of the other parent go with the next call');
select is(past('job_events'), '{3,2,1}', 'events: likewise');
select everything() as before \gset
select is(run('select faultline.maintain()')::jsonb ->> 'dropped', '0', 'repeated, nothing is left to do');
select is(everything(), :'before', 'and nothing changes');

-- What is not over stays, however old it is.
select results_eq('select job_id, state from faultline.jobs_live order by job_id',
  format($$values (%s::bigint, 'queued'), (%s, 'running'), (%s, 'failed')$$, :queued, :running, :dead), 'live jobs and dead letters are kept');
select is(operate(format('select faultline.retry_job(%s)', :dead)), 'queued', 'and a dead letter can be retried');
select healthy('nothing is wrong');

-- Retention that is longer again brings nothing back, and is no violation.
select faultline.set_settings('{"retention": null, "event_retention": null}') \g /dev/null
select healthy('nor with a longer retention');

-- No more tables than 31 at a time: their locks count.
insert into faultline.jobs_done (job_id, finished_at, created_at, ready_at, attempt, failures, max_attempts, priority, from_state, state, type, queue, payload, tags)
select nextval('faultline.jobs_live_job_id_seq'), now() - n * interval '1 day', now(), now(), 1, 0, 5, 2, 'running', 'succeeded', 't', 'default', '{}', '{}'
from generate_series(100, 131) n;
select is(faultline.maintain(), '{"created": 32, "moved": 32, "truncated": 32, "dropped": 31, "payloads": 0, "keys": 0, "runners": 0, "postings": 0, "runs": 0, "ticks": 0, "postponed": []}', 'of 32 days 31 go');
select is(faultline.maintain() ->> 'dropped', '1', 'and the last with the next call');

select * from finish();
