\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- What a claim writes and returns.
select queued('a', '{"tags": ["x", "y"], "headers": {"h": 1}, "priority": 3, "max_attempts": 7, "timeout": "90 s"}');
select (live('a')).ready_at as ready_at, (live('a')).created_at as created_at \gset
update faultline.jobs_live set run_id = 77, task = 'build', failures = 2 where job_id = id('a');
create temporary table claimed_a as select * from faultline.claim_jobs('{a}', runner(1));
select is(to_jsonb(c) - '{lease_expires_at,started_at}'::text[], jsonb_build_object(
    'job_id', id('a'), 'attempt', 1, 'type', 't', 'payload', '{"name": "a"}'::jsonb, 'queue', 'a', 'max_attempts', 7, 'timeout', '00:01:30', 'run_id', 77, 'task', 'build',
    'headers', '{"h": 1}'::jsonb, 'failures', 2, 'priority', 3, 'tags', '["x", "y"]'::jsonb, 'transaction_id', null, 'run_at', :'ready_at'::timestamptz, 'created_at', :'created_at'::timestamptz), 'a claim returns all that a runner needs')
from claimed_a c;
select is((a.state, a.attempt, a.lease_owner, a.started_at, a.lease_expires_at), ('running'::text, 1, runner(1), c.started_at, c.lease_expires_at), 'and the job is so') from live('a') a, claimed_a c;
select is(c.lease_expires_at - c.started_at, '30 s'::interval, 'for half a minute by default') from claimed_a c;
select ok(c.started_at > now() and c.started_at <= clock_timestamp(), 'from now, by the clock and not by the transaction''s start') from claimed_a c;
select is(events('a'), '', 'a claim is nothing out of the ordinary: no event');
select is((live('a')).failures, 2, 'and charges nothing');

-- The lease: the call's, else the queue's, else the settings'.
select faultline.set_queue('leased', '{"lease": "5 minutes"}') is not null;
select queued(n) from unnest(array['s1', 's2', 's3']) n;
select queued('l1', '{"queue": "leased"}'), queued('l2', '{"queue": "leased"}'), queued('p1', '{"queue": "plain"}'), queued('p2', '{"queue": "plain"}');
create function pg_temp.leases(queues text[], lease interval) returns text language sql as $$
select string_agg(name_of(job_id) || ' ' || (lease_expires_at - started_at), ', ') from faultline.claim_jobs(queues, runner(1), 1, lease)
$$;
select is(pg_temp.leases('{leased}', '7 minutes'), 'l1 00:07:00', 'the call''s');
select is(pg_temp.leases('{leased}', null), 'l2 00:05:00', 'else the queue''s');
select is(pg_temp.leases('{plain}', null), 'p1 00:00:30', 'else the settings''');
select faultline.set_settings('{"lease": "1 minute"}') is not null;
select is(pg_temp.leases('{plain}', null), 'p2 00:01:00', 'as they are now');
select queued('m1', '{"queue": "leased"}'), queued('m2', '{"queue": "plain"}');
select answers($$select name_of(job_id), lease_expires_at - started_at from faultline.claim_jobs('{plain,leased}', runner(1), 2)$$, 'm2,00:01:00 m1,00:05:00', 'each job''s of its own queue');
select is(pg_temp.leases('{s1}', '1 second'), 's1 00:00:01', 'one second');
select is(pg_temp.leases('{s2}', '24 hours'), 's2 1 day', 'twenty-four hours');
select refuses(format('select * from faultline.claim_jobs(''{s3}'', runner(1), 1, %L)', i), 'FL004', format('lease %s is out of bounds', i), 'a lease of ' || i)
from unnest(array['0', '999 milliseconds', '-1 hour', '24 hours 1 microsecond', '178000000 years']::interval[]) i;
select refuses($$select * from faultline.claim_jobs('{s3}', runner(1), 1, '-1 month 30 days 1 second')$$, 'FL004', 'lease -1 mons +30 days 00:00:01 has a negative part', 'a lease of both signs could be born expired');
select current_setting('server_version_num')::int >= 170000 as has_infinity \gset
\if :has_infinity
select refuses(format('select * from faultline.claim_jobs(''{s3}'', runner(1), 1, %L)', i), 'FL004', format('lease %s is out of bounds', i), 'a lease of ' || i) from unnest(array['infinity', '-infinity']) i;
\endif

-- batch 1 to 10 000.
select refuses(format('select * from faultline.claim_jobs(''{s3}'', runner(1), %s)', n), 'FL004', format('batch %s is out of bounds', n), 'batch ' || n) from unnest(array[0, -1, 10001, 2147483647]) n;
select count(*) as enqueued from faultline.enqueue_many((select jsonb_agg('{"type": "t", "queue": "bulk"}'::jsonb) from generate_series(1, 10000))) \gset
select faultline.enqueue('t', queue => 'bulk') is not null;
select is((select count(distinct job_id) from faultline.claim_jobs('{bulk}', runner(1), 10000)), 10000::bigint, 'batch 10 000');
select is((select count(*) from faultline.claim_jobs('{bulk}', runner(1), 1)), 1::bigint, 'batch 1');

-- Attempts count claims, and never go back.
select is(claimed('s3'), 1, 'the first claim is attempt 1');
select faultline.release_job(id('s3'), 1);
select is(claimed('s3', 2), 2, 'the second attempt 2');
select is((live('s3')).lease_owner, runner(2), 'and its runner''s');
select failed('s4'); select faultline.retry_job(id('s4'));
select is(claimed('s4'), 2, 'retry_job does not set it back');

-- What can't be a claim.
select refuses('select * from faultline.claim_jobs(null, runner(1))', 'FL004', 'queues is empty or has a NULL in it', 'queues NULL');
select refuses($$select * from faultline.claim_jobs('{}', runner(1))$$, 'FL004', 'queues is empty or has a NULL in it', 'no queue');
select refuses($$select * from faultline.claim_jobs(array['a', null], runner(1))$$, 'FL004', 'queues is empty or has a NULL in it', 'a queue that is NULL');
select refuses(format('select * from faultline.claim_jobs(array[''a'', %L], runner(1))', q), 'FL004', format('queue %L is not a name', q), 'a queue that can''t be: ' || q)
from unnest(array['', 'a b', 'é', repeat('q', 129)]) q;
select lives_ok(format('select * from faultline.claim_jobs(array[''a'', %L], runner(1))', repeat('q', 128)), 'a queue of 128 characters');
select refuses($$select * from faultline.claim_jobs('{a}', null)$$, 'FL004', 'runner is NULL', 'no runner');
select queued('r');
set local role faultline_runner;
select answers($$select attempt from faultline.claim_jobs('{r}', '00000000-0000-4000-8000-000000000001', '1', '5 s', null)$$, '1', 'faultline_runner may; untyped literals do');
reset role;

select * from finish();
rollback;
