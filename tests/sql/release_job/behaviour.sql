\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Given back, and nothing is charged.
select running('a', '{"max_attempts": 1}');
select is(faultline.release_job(id('a'), 1), 'ok', 'the running attempt is released');
select is((a.state, a.attempt, a.failures, a.error, a.lease_owner, a.lease_expires_at), ('queued'::text, 1, 0, null::jsonb, null::uuid, null::timestamptz),
          'queued again, uncharged, without a lease') from live('a') a;
select ok(a.ready_at > now() and a.ready_at <= clock_timestamp(), 'ready at once') from live('a') a;
select is((e.verb, e.attempt, e.runner, e.detail - 'delay'), ('release'::text, 1, runner(1), jsonb_build_object('outcome', 'queued', 'failures', 0, 'lease_owner', runner(1))), 'recorded')
from last_event('a') e;
select repeats($$select faultline.release_job(id('a'), 1)$$, 'repeat', 'again: repeat');
select repeats($$select faultline.release_job(id('a'), 1, '1 day')$$, 'repeat', 'with another delay: repeat');
select is(claimed('a', 2), 2, 'the next attempt');
select repeats($$select faultline.release_job(id('a'), 1)$$, 'repeat', 'still repeat, which wins over stale');
select refuses($$select faultline.complete_job(id('a'), 1)$$, 'FL001', format('attempt 1 of job %s may not complete it: the job is running at attempt 2', id('a')), 'other reports of it are stale');
select is(faultline.release_job(id('a'), 2), 'ok', 'attempt 2 is released');
select is((live('a')).failures, 0, 'however often it is released, nothing is charged');

-- An earlier error stays to be seen.
select running('erred'); select faultline.fail_job(id('erred'), 1, '{"message": "earlier"}'), claimed('erred');
select is(faultline.release_job(id('erred'), 2), 'ok', 'released after a failure');
select is(((live('erred')).error, (live('erred')).failures), ('{"message": "earlier"}'::jsonb, 1), 'keeps its error and its failures');

-- delay.
select running('later'), running('far'), running('null');
select is(faultline.release_job(id('later'), 1, '1 hour'), 'ok', 'with a delay');
select ok((live('later')).ready_at - clock_timestamp() between '55 minutes' and '1 hour', 'it waits as long');
select is((last_event('later')).detail ->> 'delay', '01:00:00', 'on record');
select is(faultline.release_job(id('null'), 1, null), 'ok', 'NULL means at once');
select ok((live('null')).ready_at <= clock_timestamp(), 'ready at once');
select refuses(format('select faultline.release_job(id(''far''), 1, %L)', i), 'FL004', format('delay %s is out of bounds', i), 'a delay of ' || i)
from unnest(array['-1 microsecond', '-1 day', '366 days 1 microsecond', '178000000 years']::interval[]) i;
select is(faultline.release_job(id('far'), 1, '366 days'), 'ok', 'a delay of 366 days');
select running('zero');
select is(faultline.release_job(id('zero'), 1, '0'), 'ok', 'a delay of 0');
select current_setting('server_version_num')::int >= 170000 as has_infinity \gset
\if :has_infinity
select running('for ever');
select refuses(format('select faultline.release_job(id(''for ever''), 1, %L)', i), 'FL004', format('delay %s is out of bounds', i), 'a delay of ' || i) from unnest(array['infinity', '-infinity']) i;
\endif

-- Asked to cancel, it ends cancelled.
select running('to cancel'); select faultline.cancel_job(id('to cancel'));
select is(faultline.release_job(id('to cancel'), 1), 'ok', 'a job that someone wants cancelled');
select is((d.state, d.from_state, d.failures), ('cancelled'::text, 'running'::text, 0), 'ends cancelled when it is released') from done('to cancel') d;
select is((last_event('to cancel')).detail ->> 'outcome', 'cancelled', 'on record');
select repeats($$select faultline.release_job(id('to cancel'), 1)$$, 'repeat', 'again: repeat');

select running('late'); select expired('late');
select is(faultline.release_job(id('late'), 1), 'ok', 'accepted after the deadline');
select running('reaped'); select expired('reaped'); select faultline.reap_expired();
select refuses($$select faultline.release_job(id('reaped'), 1)$$, 'FL001', format('attempt 1 of job %s may not release it: the job is queued at attempt 1', id('reaped')), 'not after the reaper');
select running('x');
select refuses(format('select faultline.release_job(id(''x''), %s)', n), 'FL001', format('attempt %s of job %s may not release it: the job is running at attempt 1', n, id('x')), format('attempt %s never was', n))
from unnest(array[0, 2]) n;
select refuses('select faultline.release_job(123456789, 1)', 'FL005', 'there is no job 123456789', 'an unknown job');
select refuses('select faultline.release_job(null, 1)', 'FL004', 'job_id is NULL and attempt is 1', 'no job');
select refuses($$select faultline.release_job(id('x'), null)$$, 'FL004', format('job_id is %s and attempt is NULL', id('x')), 'no attempt');
set local role faultline_runner;
select running('mine') as attempt \gset
select is(faultline.release_job(id('mine'), 1, '5 s'), 'ok', 'faultline_runner may; untyped literals do');
reset role;

select * from finish();
rollback;
