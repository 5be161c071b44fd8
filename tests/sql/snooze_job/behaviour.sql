\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Put off, and nothing is charged.
select running('a', '{"max_attempts": 1}');
select is(faultline.snooze_job(id('a'), 1, '1 hour'), 'ok', 'the running attempt is put off');
select is((a.state, a.attempt, a.failures, a.lease_owner, a.lease_expires_at), ('queued'::text, 1, 0, null::uuid, null::timestamptz), 'queued, uncharged, without a lease') from live('a') a;
select ok(a.ready_at - clock_timestamp() between '55 minutes' and '1 hour', 'for as long as it says') from live('a') a;
select is_empty($$select * from faultline.claim_job('a', runner(1))$$, 'nobody claims it before');
select is((e.verb, e.attempt, e.runner, e.detail), ('snooze'::text, 1, runner(1),
          jsonb_build_object('outcome', 'queued', 'failures', 0, 'lease_owner', runner(1), 'delay', '01:00:00')), 'recorded') from last_event('a') e;
select repeats($$select faultline.snooze_job(id('a'), 1, '1 hour')$$, 'repeat', 'again: repeat');
select repeats($$select faultline.snooze_job(id('a'), 1, '2 hours')$$, 'repeat', 'for longer: repeat, and the first stays');
select is(claimed('a'), 2, 'the next attempt');
select repeats($$select faultline.snooze_job(id('a'), 1, '1 hour')$$, 'repeat', 'still repeat');
select refuses($$select faultline.release_job(id('a'), 1)$$, 'FL001', format('attempt 1 of job %s may not release it: the job is running at attempt 2', id('a')), 'other reports of it are stale');

-- 1 ms to 366 days, no default.
select running('b'), running('c');
select refuses(format('select faultline.snooze_job(id(''b''), 1, %L)', i), 'FL004', format('for_ %s is out of bounds', i), 'for ' || i)
from unnest(array['0', '999 microseconds', '-1 day', '366 days 1 microsecond', '178000000 years']::interval[]) i;
select refuses($$select faultline.snooze_job(id('b'), 1, null)$$, 'FL004', 'for_ is NULL', 'for NULL');
select refuses($$select faultline.snooze_job(id('b'), 1, '-1 mon 31 days')$$, 'FL004', 'for_ -1 mons +31 days has a negative part', 'both signs');
select is(faultline.snooze_job(id('b'), 1, '1 millisecond'), 'ok', 'for 1 ms');
select is(faultline.snooze_job(id('c'), 1, '366 days'), 'ok', 'for 366 days');

select running('to cancel'); select faultline.cancel_job(id('to cancel'));
select is(faultline.snooze_job(id('to cancel'), 1, '1 hour'), 'ok', 'a job that someone wants cancelled');
select is((d.state, d.failures), ('cancelled'::text, 0), 'ends cancelled when it is put off') from done('to cancel') d;
select is((last_event('to cancel')).detail, jsonb_build_object('outcome', 'cancelled', 'failures', 0, 'lease_owner', runner(1)), 'on record, without a delay');

select running('late'); select expired('late');
select is(faultline.snooze_job(id('late'), 1, '1 s'), 'ok', 'accepted after the deadline');
select running('x');
select refuses($$select faultline.snooze_job(id('x'), 2, '1 s')$$, 'FL001', format('attempt 2 of job %s may not snooze it: the job is running at attempt 1', id('x')), 'an attempt that never was');
select refuses($$select faultline.snooze_job(123456789, 1, '1 s')$$, 'FL005', 'there is no job 123456789', 'an unknown job');
select refuses($$select faultline.snooze_job(null, 1, '1 s')$$, 'FL004', 'job_id is NULL and attempt is 1', 'no job');
select refuses($$select faultline.snooze_job(id('x'), null, '1 s')$$, 'FL004', format('job_id is %s and attempt is NULL', id('x')), 'no attempt');
set local role faultline_runner;
select running('mine') as attempt \gset
select is(faultline.snooze_job(id('mine'), 1, '5 s'), 'ok', 'faultline_runner may; untyped literals do');
reset role;

select * from finish();
rollback;
