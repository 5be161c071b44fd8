\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Fails attempt after attempt until the job is a dead letter; returns the last attempt.
create function pg_temp.fail_to_death(name text) returns int language plpgsql as $$
declare
  attempt int := (live(name)).attempt;
begin
  while state_of(name) = 'running' loop
    perform faultline.fail_job(id(name), attempt, '{}');
    assert state_of(name) = 'failed' or (live(name)).ready_at >= clock_timestamp() - interval '1 second', 'ready in the past';
    exit when state_of(name) = 'failed';
    attempt := claimed(name);
  end loop;
  return attempt;
end $$;

-- A failure is charged and waits for its backoff; the last one is a dead letter.
select running('a', '{"max_attempts": 3, "backoff": {"kind": "fixed", "delay": "10s", "jitter": 0}}');
select clock_timestamp() as before \gset
select is(faultline.fail_job(id('a'), 1, '{"type": "ValueError", "message": "no"}'), 'ok', 'the running attempt fails');
select is((a.state, a.attempt, a.failures, a.error), ('queued'::text, 1, 1, '{"type": "ValueError", "message": "no"}'::jsonb), 'queued again, one failure charged, the error kept') from live('a') a;
select is((a.lease_owner, a.lease_expires_at, a.finished_at), (null::uuid, null::timestamptz, null::timestamptz), 'without a lease') from live('a') a;
select ok(a.ready_at between :'before'::timestamptz + '10 s' and clock_timestamp() + '10 s', 'ready after the backoff') from live('a') a;
select is((e.verb, e.attempt, e.runner, e.detail - 'delay'), ('fail'::text, 1, runner(1),
          jsonb_build_object('outcome', 'queued', 'failures', 1, 'error', '{"type": "ValueError", "message": "no"}'::jsonb, 'lease_owner', runner(1))), 'recorded') from last_event('a') e;
select is((e.detail ->> 'delay')::interval, '10 s'::interval, 'with its delay') from last_event('a') e;

select repeats($$select faultline.fail_job(id('a'), 1, '{"type": "ValueError", "message": "no"}')$$, 'repeat', 'again: repeat');
select repeats($$select faultline.fail_job(id('a'), 1, '{}', false, '1 day')$$, 'repeat', 'whatever else it says: repeat');
select is(claimed('a', 2), 2, 'the next attempt');
select repeats($$select faultline.fail_job(id('a'), 1, '{}')$$, 'repeat', 'still repeat, which wins over stale');
select is(faultline.fail_job(id('a'), 2, null), 'ok', 'an error may be left out');
select is((a.failures, a.error), (2, '{}'::jsonb), 'and is then empty') from live('a') a;
select is(claimed('a'), 3, 'the last attempt');
select is(faultline.fail_job(id('a'), 3, '{"message": "last"}'), 'ok', 'fails');
select is((a.state, a.attempt, a.failures, a.error, a.finished_at > now()), ('failed'::text, 3, 3, '{"message": "last"}'::jsonb, true), 'a dead letter after max_attempts failures') from live('a') a;
select is((a.lease_owner, a.lease_expires_at), (null::uuid, null::timestamptz), 'without a lease') from live('a') a;
select is((e.detail ->> 'outcome', e.detail ->> 'delay'), ('failed'::text, null::text), 'recorded as such') from last_event('a') e;
select is_empty($$select * from faultline.claim_job('a', runner(1))$$, 'nobody claims it');
select repeats(format('select faultline.fail_job(id(''a''), %s, ''{}'')', n), 'repeat', format('failure %s: repeat', n)) from generate_series(1, 3) n;
select is(events('a'), 'fail fail fail', 'three failures are on record');
select is(faultline.retry_job(id('a')), 'queued', 'an operator gives it new attempts');
select is(claimed('a'), 4, 'attempts never go back');
select is((live('a')).failures, 0, 'failures start afresh');
select repeats($$select faultline.fail_job(id('a'), 3, '{}')$$, 'repeat', 'repeat for ever');
select is(pg_temp.fail_to_death('a'), 6, 'and are bounded as before');
select is(state_of('a'), 'failed', 'and a dead letter again');

-- max_attempts 1: no retry at all.
select running('once', '{"max_attempts": 1}');
select is(faultline.fail_job(id('once'), 1, '{}'), 'ok', 'max_attempts 1');
select is((state_of('once'), (live('once')).failures), ('failed'::text, 1), 'is a dead letter at its first failure');

-- retryable => false; NULL means true.
select running('never', '{"max_attempts": 100}'), running('null', '{"max_attempts": 100}');
select is(faultline.fail_job(id('never'), 1, '{"message": "hopeless"}', retryable => false), 'ok', 'retryable => false');
select is((state_of('never'), (live('never')).failures), ('failed'::text, 1), 'is final at once, charged once');
select is(faultline.fail_job(id('null'), 1, '{}', null, null), 'ok', 'NULLs are the defaults');
select is(state_of('null'), 'queued', 'retried');
select ok(((last_event('null')).detail ->> 'delay')::interval between '0.8 s' and '1 s', 'after about a second, as the settings say');

-- retry_in takes the backoff's place, and is charged.
select running('later'), running('at once'), running('in a year');
select is(faultline.fail_job(id('later'), 1, '{}', retry_in => '1 hour'), 'ok', 'retry_in');
select ok((live('later')).ready_at - clock_timestamp() between '55 minutes' and '1 hour', 'waits as long as it says');
select is((live('later')).failures, 1, 'and is charged');
select is(faultline.fail_job(id('at once'), 1, '{}', retry_in => '0'), 'ok', 'retry_in 0');
select is((select count(*) from faultline.claim_job('at-once', runner(1))), 1::bigint, 'may run at once');
select is(faultline.fail_job(id('at once'), 2, '{}', false, '1 hour'), 'ok', 'retryable => false with retry_in');
select is(state_of('at once'), 'failed', 'is final');
select refuses(format('select faultline.fail_job(id(''in a year''), 1, ''{}'', retry_in => %L)', i), 'FL004', format('retry_in %s is out of bounds', i), 'retry_in ' || i)
from unnest(array['-1 microsecond', '-1 day', '366 days 1 microsecond', '178000000 years']::interval[]) i;
select refuses($$select faultline.fail_job(id('in a year'), 1, '{}', retry_in => '-1 mon 31 days')$$, 'FL004', 'retry_in -1 mons +31 days has a negative part', 'retry_in of both signs');
select is(faultline.fail_job(id('in a year'), 1, '{}', retry_in => '366 days'), 'ok', 'retry_in 366 days');

-- Whose backoff: the job's, else the queue's, else the settings'.
select faultline.set_settings('{"backoff": {"kind": "fixed", "delay": "100s", "jitter": 0}}') is not null;
select faultline.set_queue('of-queue', '{"backoff": {"kind": "fixed", "delay": "200s", "jitter": 0}}') is not null;
select running('of-settings'), running('of-queue'), running('of-job', '{"queue": "of-queue", "backoff": {"kind": "fixed", "delay": "300s", "jitter": 0}}');
select is(faultline.fail_job(id(n), 1, '{}'), 'ok', n || ' fails') from unnest(array['of-settings', 'of-queue', 'of-job']) n;
select is(((last_event(n)).detail ->> 'delay')::interval, wait, n) from (values ('of-settings', '100 s'::interval), ('of-queue', '200 s'), ('of-job', '300 s')) v (n, wait);

-- Bounded, whatever the backoff: 100 failures of the most impatient and of the most patient job.
select running(n, o) from (values ('impatient', '{"max_attempts": 100, "backoff": {"delay": "1ms", "jitter": 1e-400}}'::jsonb),
                                  ('patient', '{"max_attempts": 100, "backoff": {"delay": "366 days", "max_delay": "366 days", "jitter": 0}}')) v (n, o);
select is(pg_temp.fail_to_death(n), 100, n || ': dead after 100 failures') from unnest(array['impatient', 'patient']) n;
select is((live(n)).failures, 100, n || ': all are charged') from unnest(array['impatient', 'patient']) n;

-- Asked to cancel, it ends cancelled, charged or not.
select running('to cancel'); select faultline.cancel_job(id('to cancel'));
select is(faultline.fail_job(id('to cancel'), 1, '{"message": "interrupted"}'), 'ok', 'a job that someone wants cancelled');
select is((d.state, d.from_state, d.failures, d.error), ('cancelled'::text, 'running'::text, 1, '{"message": "interrupted"}'::jsonb), 'ends cancelled when it fails, its error kept') from done('to cancel') d;
select is(events('to cancel'), 'cancel_requested fail', 'on record');
select repeats($$select faultline.fail_job(id('to cancel'), 1, '{}')$$, 'repeat', 'again: repeat');

-- Late, stale, unknown.
select running('late'); select expired('late');
select is(faultline.fail_job(id('late'), 1, '{}'), 'ok', 'accepted after the deadline');
select running('reaped'); select expired('reaped'); select faultline.reap_expired();
select refuses($$select faultline.fail_job(id('reaped'), 1, '{}')$$, 'FL001', format('attempt 1 of job %s may not fail it: the job is queued at attempt 1', id('reaped')), 'not after the reaper');
select running('released'); select faultline.release_job(id('released'), 1);
select refuses($$select faultline.fail_job(id('released'), 1, '{}')$$, 'FL001', format('attempt 1 of job %s may not fail it: the job is queued at attempt 1', id('released')), 'not after a release');
select running('succeeded'); select faultline.complete_job(id('succeeded'), 1);
select refuses($$select faultline.fail_job(id('succeeded'), 1, '{}')$$, 'FL001', format('attempt 1 of job %s may not fail it: the job is succeeded at attempt 1', id('succeeded')), 'not after a success');
select running('x');
select refuses(format('select faultline.fail_job(id(''x''), %s, ''{}'')', n), 'FL001', format('attempt %s of job %s may not fail it: the job is running at attempt 1', n, id('x')), format('attempt %s never was', n))
from unnest(array[0, 2]) n;
select refuses('select faultline.fail_job(123456789, 1, ''{}'')', 'FL005', 'there is no job 123456789', 'an unknown job');
select refuses('select faultline.fail_job(null, 1, ''{}'')', 'FL004', 'job_id is NULL and attempt is 1', 'no job');
select refuses($$select faultline.fail_job(id('x'), null, '{}')$$, 'FL004', format('job_id is %s and attempt is NULL', id('x')), 'no attempt');
select refuses($$select faultline.fail_job(id('x'), 1, '"boom"')$$, 'FL004', 'the error is not an object but of type string', 'an error that is no object');
select refuses($$select faultline.fail_job(id('x'), 1, jsonb_build_object('a', repeat('x', 262145 - 9)))$$, 'FL004', 'the error has 262145 bytes as text', 'an error of 262145 bytes');
select is(faultline.fail_job(id('x'), 1, jsonb_build_object('a', repeat('x', 262144 - 9))), 'ok', 'one of 262144');
set local role faultline_runner;
select running('mine') as attempt \gset
select is(faultline.fail_job(id('mine'), 1, '{"message": "a"}', 'true', '5 s'), 'ok', 'faultline_runner may; untyped literals do');
reset role;

select * from finish();
rollback;
