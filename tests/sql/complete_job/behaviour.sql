\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- ok: the job moves to jobs_done with its result.
select running('a', '{"tags": ["x"], "headers": {"h": 1}, "priority": 3, "idempotency_key": "k", "max_attempts": 7}');
select live('a') as before \gset
select is(faultline.complete_job(id('a'), 1, '{"sum": 3}'), 'ok', 'the running attempt completes');
select is(to_jsonb(d) - 'finished_at', '{"from_state": "running", "state": "succeeded", "result": {"sum": 3}, "error": null}'
            || (to_jsonb(b) - '{finished_at,lease_expires_at,cancel_requested_at,backoff,timeout,transaction_id}'::text[] || '{"state": "succeeded"}'),
          'its row in jobs_done is what it was in jobs_live, and how it ended')
from done('a') d, (select (:'before'::faultline.jobs_live).*) b;
select ok((done('a')).finished_at between now() and clock_timestamp() and (done('a')).finished_at > now(), 'finished now, by the clock');
select is(live('a'), null, 'and nothing is left in jobs_live');
select is(events('a'), '', 'a success is nothing out of the ordinary: no event');

-- repeat: nothing is changed, the first result stays.
select repeats($$select faultline.complete_job(id('a'), 1, '{"sum": 3}')$$, 'repeat', 'again: repeat');
select repeats($$select faultline.complete_job(id('a'), 1, '{"sum": 4}')$$, 'repeat', 'with another result: repeat, and the first stays');
select repeats($$select faultline.complete_job(id('a'), 1)$$, 'repeat', 'without: repeat');

-- Results.
select running('no result'), running('null'), running('big');
select is(faultline.complete_job(id('no result'), 1), 'ok', 'without a result');
select is((done('no result')).result, null, 'it is NULL');
select is(faultline.complete_job(id('null'), 1, 'null'), 'ok', 'JSON''s null is a result');
select is((done('null')).result, 'null'::jsonb, 'and stays one');
select refuses($$select faultline.complete_job(id('big'), 1, to_jsonb(repeat('x', 262143)))$$, 'FL004', 'the result has 262145 bytes as text', 'a result of 262145 bytes is refused');
select is(faultline.complete_job(id('big'), 1, to_jsonb(repeat('x', 262142))), 'ok', 'one of 262144 is not');

-- After the deadline, as long as nobody took the lease away.
select running('late');
select expired('late', '1 hour');
select is(faultline.complete_job(id('late'), 1), 'ok', 'accepted after the deadline');
select running('reaped');
select expired('reaped');
select is(faultline.reap_expired(), 1::bigint, 'but once the lease was reaped');
select refuses($$select faultline.complete_job(id('reaped'), 1)$$, 'FL001', format('attempt 1 of job %s may not complete it: the job is queued at attempt 1', id('reaped')), 'it is stale');
select running('released');
select is(faultline.release_job(id('released'), 1), 'ok', 'and once it was released');
select refuses($$select faultline.complete_job(id('released'), 1)$$, 'FL001', format('attempt 1 of job %s may not complete it: the job is queued at attempt 1', id('released')), 'it is stale');

-- Stale: an older attempt, a newer one, one that never was.
select is(claimed('reaped', 2), 2, 'the next attempt has the job');
select refuses(format('select faultline.complete_job(id(''reaped''), %s)', attempt), 'FL001',
               format('attempt %s of job %s may not complete it: the job is running at attempt 2', attempt, id('reaped')), format('attempt %s is refused', attempt))
from unnest(array[1, 0, 3, -1, 2147483647]) attempt;
select is(faultline.complete_job(id('reaped'), 2), 'ok', 'attempt 2 completes');
select refuses($$select faultline.complete_job(id('reaped'), 1)$$, 'FL001', format('attempt 1 of job %s may not complete it: the job is succeeded at attempt 2', id('reaped')), 'attempt 1 is stale for ever');
select queued('waiting');
select refuses($$select faultline.complete_job(id('waiting'), 0)$$, 'FL001', format('attempt 0 of job %s may not complete it: the job is queued at attempt 0', id('waiting')), 'a job that nobody claimed');
select failed('dead');
select refuses($$select faultline.complete_job(id('dead'), 1)$$, 'FL001', format('attempt 1 of job %s may not complete it: the job is failed at attempt 1', id('dead')), 'a dead letter');
select faultline.discard_job(id('dead'));
select refuses($$select faultline.complete_job(id('dead'), 1)$$, 'FL001', format('attempt 1 of job %s may not complete it: the job is discarded at attempt 1', id('dead')), 'discarded, too');
select queued('called off');
select faultline.cancel_job(id('called off'));
select refuses($$select faultline.complete_job(id('called off'), 0)$$, 'FL001', format('attempt 0 of job %s may not complete it: the job is cancelled at attempt 0', id('called off')), 'a cancelled job');

-- A wish to cancel does not undo what was done.
select running('too late to cancel');
select is(faultline.cancel_job(id('too late to cancel')), 'requested', 'someone asks to cancel it');
select is(faultline.complete_job(id('too late to cancel'), 1), 'ok', 'it completes all the same');
select is(state_of('too late to cancel'), 'succeeded', 'and has succeeded');

-- What can't be a report.
select refuses('select faultline.complete_job(null, 1)', 'FL004', 'job_id is NULL and attempt is 1', 'no job');
select refuses($$select faultline.complete_job(id('waiting'), null)$$, 'FL004', format('job_id is %s and attempt is NULL', id('waiting')), 'no attempt');
select refuses('select faultline.complete_job(123456789, 1)', 'FL005', 'there is no job 123456789', 'an unknown job');

set local role faultline_runner;
select running('mine') as attempt \gset
select is(faultline.complete_job(id('mine'), 1, '{"a": 1}'), 'ok', 'faultline_runner may');
reset role;
set local role faultline_producer;
select throws_ok('select faultline.complete_job(1, 1)', '42501', 'permission denied for function complete_job', 'faultline_producer may not');
reset role;

select * from finish();
rollback;
