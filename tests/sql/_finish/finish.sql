\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- From jobs_live to jobs_done, with all a job is.
select queued('a', '{"tags": ["x"], "headers": {"h": 1}, "priority": 3, "idempotency_key": "k", "max_attempts": 7}');
select faultline._finish(live('a'), 'cancelled', null);
select is((d.state, d.from_state, d.type, d.queue, d.payload, d.tags, d.headers, d.priority, d.idempotency_key, d.max_attempts, d.attempt, d.failures),
          ('cancelled'::text, 'queued'::text, 't'::text, 'a'::text, '{"name": "a"}'::jsonb, '{x}'::text[], '{"h": 1}'::jsonb, 3::smallint, 'k'::text, 7, 0, 0), 'all that it is moves')
from done('a') d;
select is(live('a'), null, 'and leaves jobs_live');
select ok((done('a')).finished_at > now() and (done('a')).finished_at <= clock_timestamp(), 'finished now, by the clock');
select is((done('a')).error, null, 'without an error');
select running('b'); select faultline.fail_job(id('b'), 1, '{"message": "old"}'), claimed('b');
select faultline._finish(live('b'), 'cancelled', null);
select is(((done('b')).error, (done('b')).from_state, (done('b')).failures), ('{"message": "old"}'::jsonb, 'running'::text, 1), 'its last error stays');
select running('c');
select faultline._finish(live('c'), 'cancelled', '{"message": "new"}');
select is((done('c')).error, '{"message": "new"}'::jsonb, 'unless there is a newer one');
select queued('d');
select throws_ok($$select faultline._finish(live('d'), 'succeeded', null)$$, '23514', null, 'a queued job can''t succeed');

select * from finish();
rollback;
