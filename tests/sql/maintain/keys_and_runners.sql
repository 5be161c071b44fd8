\ir ../../support/operating.sql
select * from no_plan();

-- An idempotency key goes when it has expired and its job is over.
select job_in(state, jsonb_build_object('idempotency_key', age || ' ' || state, 'idempotency_ttl', '1 hour'))
from unnest(array['queued', 'running', 'failed', 'succeeded', 'cancelled', 'discarded']) state, unnest(array['old', 'new']) age \g /dev/null
update faultline.idempotency_keys set expires_at = clock_timestamp() where key like 'old%';
select is(run('select faultline.maintain()')::jsonb ->> 'keys', '3', 'it says how many');
select results_eq('select key from faultline.idempotency_keys order by key',
  $$values ('new cancelled'), ('new discarded'), ('new failed'), ('new queued'), ('new running'), ('new succeeded'),
           ('old failed'), ('old queued'), ('old running')$$,
  'expired keys of jobs that are over; not those of live ones, nor those that have not expired');
select is(faultline.enqueue('work', idempotency_key => 'old queued'), (select job_id from faultline.jobs where idempotency_key = 'old queued'), 'an expired key of a live job still stands for it');
select faultline.cancel_job(job_id) from faultline.jobs where idempotency_key = 'old queued' \g /dev/null
select is(faultline.maintain() ->> 'keys', '1', 'once the job is over, it goes');
select healthy('no key is missing');

-- At most 10 000 a call.
insert into faultline.idempotency_keys select 'q', 'k' || n, -n, 0, now() - interval '31 days', now() - interval '1 day' - n * interval '1 s' from generate_series(1, 10001) n;
select is(faultline.maintain() ->> 'keys', '10000', 'of 10 001 expired keys 10 000 go');
select is((select array_agg(key) from faultline.idempotency_keys where queue = 'q'), '{k1}', 'the oldest first');
select is(faultline.maintain() ->> 'keys', '1', 'and the last with the next call');

-- Runners unseen for a day.
select faultline.register_runner(gen_random_uuid(), 'h', n, 'v') from generate_series(1, 3) n \g /dev/null
update faultline.runners set last_seen_at = clock_timestamp() - interval '24 hours 1 s' where pid = 1;
update faultline.runners set last_seen_at = clock_timestamp() - interval '23 hours 59 min' where pid = 2;
select is(faultline.maintain() ->> 'runners', '1', 'it says how many');
select results_eq('select pid from faultline.runners order by pid', 'values (2), (3)', 'a runner unseen for a day is forgotten, one seen within it is not');

select * from finish();
