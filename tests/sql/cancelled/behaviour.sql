\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- A handler ended because its job was cancelled.
select running('a'); select faultline.cancel_job(id('a'));
select is(faultline.cancelled(id('a'), 1), 'ok', 'the running attempt gives up');
select is((d.state, d.from_state, d.attempt, d.failures, d.lease_owner), ('cancelled'::text, 'running'::text, 1, 0, runner(1)), 'the job is cancelled, uncharged') from done('a') d;
select is(live('a'), null, 'and nothing is left in jobs_live');
select is(events('a'), 'cancel_requested cancelled', 'on record');
select is((e.attempt, e.runner, e.detail), (1, runner(1), jsonb_build_object('outcome', 'cancelled', 'failures', 0, 'lease_owner', runner(1))), 'with its runner') from last_event('a') e;
select repeats($$select faultline.cancelled(id('a'), 1)$$, 'repeat', 'again: repeat');
select refuses($$select faultline.complete_job(id('a'), 1)$$, 'FL001', format('attempt 1 of job %s may not complete it: the job is cancelled at attempt 1', id('a')), 'it can''t succeed any more');

select running('unasked');
select refuses($$select faultline.cancelled(id('unasked'), 1)$$, 'FL003', 'nobody asked to cancel job ' || id('unasked'), 'unless nobody asked');
select refuses(format('select faultline.cancelled(id(''unasked''), %s)', n), 'FL001', format('attempt %s of job %s may not cancel it: the job is running at attempt 1', n, id('unasked')),
               format('stale is stale, asked or not: attempt %s', n)) from unnest(array[0, 2]) n;
select running('given back'); select faultline.release_job(id('given back'), 1);
select refuses($$select faultline.cancelled(id('given back'), 1)$$, 'FL001', format('attempt 1 of job %s may not cancel it: the job is queued at attempt 1', id('given back')), 'nor may an attempt that was given back');
select running('late'); select faultline.cancel_job(id('late')), expired('late');
select is(faultline.cancelled(id('late'), 1), 'ok', 'accepted after the deadline');
select running('reaped'); select faultline.cancel_job(id('reaped')), expired('reaped'); select faultline.reap_expired();
select refuses($$select faultline.cancelled(id('reaped'), 1)$$, 'FL001', format('attempt 1 of job %s may not cancel it: the job is cancelled at attempt 1', id('reaped')), 'stale after the reaper, who cancelled it');
select running('x'); select faultline.cancel_job(id('x'));
select refuses(format('select faultline.cancelled(id(''x''), %s)', n), 'FL001', format('attempt %s of job %s may not cancel it: the job is running at attempt 1', n, id('x')), format('attempt %s never was', n))
from unnest(array[0, 2]) n;
select queued('called off'); select faultline.cancel_job(id('called off'));
select refuses($$select faultline.cancelled(id('called off'), 0)$$, 'FL001', format('attempt 0 of job %s may not cancel it: the job is cancelled at attempt 0', id('called off')), 'a job that was cancelled in the queue had no handler');
select refuses('select faultline.cancelled(123456789, 1)', 'FL005', 'there is no job 123456789', 'an unknown job');
select refuses('select faultline.cancelled(null, 1)', 'FL004', 'job_id is NULL and attempt is 1', 'no job');
select refuses($$select faultline.cancelled(id('x'), null)$$, 'FL004', format('job_id is %s and attempt is NULL', id('x')), 'no attempt');
set local role faultline_runner;
select is(faultline.cancelled(id('x'), 1), 'ok', 'faultline_runner may');
reset role;

select * from finish();
rollback;
