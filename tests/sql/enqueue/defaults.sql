\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- The least a newcomer says, and what every argument means when it is left out or NULL.
select faultline.enqueue('hello') as job \gset
select is(j, jsonb_populate_record(j, '{
    "type": "hello", "queue": "default", "state": "queued", "payload": {}, "priority": 2, "attempt": 0, "failures": 0,
    "max_attempts": 5, "tags": [], "headers": null, "backoff": null, "timeout": null, "idempotency_key": null,
    "started_at": null, "finished_at": null, "lease_owner": null, "lease_expires_at": null, "error": null,
    "cancel_requested_at": null, "run_id": null, "task": null}'), 'enqueue(type) makes a queued job with every default')
from faultline.jobs_live j where job_id = :job;
select cmp_ok(j.ready_at, '<=', clock_timestamp(), 'it is ready at once') from faultline.jobs_live j where job_id = :job;
select cmp_ok(j.ready_at, '>', now(), 'by the clock, not by the start of the transaction') from faultline.jobs_live j where job_id = :job;
select is(j.created_at, j.ready_at, 'created when it became ready') from faultline.jobs_live j where job_id = :job;

select faultline.enqueue('hello', null, null, null, null, null, null, null, null, null, null, null) as nulls \gset
select is(to_jsonb(n) - '{job_id,ready_at,created_at}'::text[], to_jsonb(d) - '{job_id,ready_at,created_at}'::text[],
          'NULL for each argument means its default')
from faultline.jobs_live n, faultline.jobs_live d where n.job_id = :nulls and d.job_id = :job;

select isnt(:nulls, :job, 'without a key each call makes a job');
select is((select count(*) from faultline.idempotency_keys), 0::bigint, 'and no key is kept');
select is((select count(*) from faultline.job_events), 0::bigint, 'an enqueue is nothing out of the ordinary: no event');

-- Everything said.
select faultline.enqueue(
  type => 'a.b:c_d-E9', payload => '{"a": [1, 2, {"b": null}]}', queue => 'mail', run_at => '2100-01-02 03:04:05+00', priority => 1,
  max_attempts => 7, idempotency_key => 'k', idempotency_ttl => '1 hour', backoff => '{"kind": "fixed", "delay": "5s"}',
  timeout => '90 seconds', tags => '{red,blue}', headers => '{"traceparent": "00-1"}') as full_ \gset
select is(j, jsonb_populate_record(j, '{
    "type": "a.b:c_d-E9", "queue": "mail", "payload": {"a": [1, 2, {"b": null}]}, "ready_at": "2100-01-02T03:04:05+00:00",
    "priority": 1, "max_attempts": 7, "idempotency_key": "k", "backoff": {"kind": "fixed", "delay": "5s"},
    "timeout": "00:01:30", "tags": ["red", "blue"], "headers": {"traceparent": "00-1"}}'), 'every argument is kept as given')
from faultline.jobs_live j where job_id = :full_;
select is(expires_at - created_at, interval '1 hour', 'a key lives as long as its ttl says')
from faultline.idempotency_keys where (queue, key) = ('mail', 'k');

-- Untyped literals, as psql and every driver send them.
select lives_ok($$select faultline.enqueue('t', '{"a": 1}', 'q', '2100-01-01', '3', '4', 'key', '1 day', '{}', '1 s', '{a,b}', '{}')$$,
                'untyped literals do for all arguments');

-- Time.
select faultline.enqueue('t', run_at => '4000-01-01 BC') as past \gset
select is((job(:past)).ready_at, (job(:past)).created_at, 'a run_at that has passed means now, never the past');
select is((job(faultline.enqueue('t', run_at => '294000-01-01'))).ready_at, '294000-01-01'::timestamptz, 'a run_at may be far away');

-- max_attempts: the call, else the queue, else the settings.
select faultline.set_queue('thrice', '{"max_attempts": 3}') is not null as set_ \gset
select faultline.set_settings('{"max_attempts": 9}') is not null as set_ \gset
select is((job(faultline.enqueue('t', queue => 'thrice'))).max_attempts, 3,
          'max_attempts is the queue''s where the call names none');
select is((job(faultline.enqueue('t', queue => 'thrice', max_attempts => 2))).max_attempts, 2,
          'the call''s before the queue''s');
select is((job(faultline.enqueue('t', queue => 'other'))).max_attempts, 9,
          'the settings'' where neither says');
select faultline.set_queue('noted', '{"lease": "1 minute"}') is not null as set_ \gset
select is((job(faultline.enqueue('t', queue => 'noted'))).max_attempts, 9,
          'the settings'' too where the queue has a row that does not say');

select * from finish();
rollback;
