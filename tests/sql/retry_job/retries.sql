\ir ../../support/operating.sql
select * from no_plan();

select job_in('failed', '{"queue": "mail", "max_attempts": 3}') as dead \gset
select clock_timestamp() as before \gset
select is(operate(format('select faultline.retry_job(%s)', :dead)), 'queued', 'a dead letter is queued again');
select results_eq(format($$select state, attempt, failures, max_attempts, finished_at, lease_owner, cancel_requested_at, error from faultline.jobs_live where job_id = %s$$, :dead),
  $$values ('queued', 1, 0, 3, null::timestamptz, null::uuid, null::timestamptz, '{"type": "ValueError", "message": "broken"}'::jsonb)$$,
  'with its full number of attempts; attempt goes on, and its last error is kept');
select ok(ready_at between :'before' and clock_timestamp(), 'ready at once, and not before: the floor rests on it') from faultline.jobs_live where job_id = :dead;
select results_eq(format('select event_lines(%L) offset 1', :dead), $$values ('retry {"type": "work", "queue": "mail"}')$$, 'the action is recorded');
select is(actor, session_user::text, 'with who did it') from faultline.job_events where verb = 'retry';
select changes_nothing('faultline_operator', format('select faultline.retry_job(%s)', :dead), 'queued', 'repeated, the same answer and no change');
select results_eq($$select job_id, attempt, failures from faultline.claim_job('mail', gen_random_uuid())$$, format('values (%s::bigint, 2, 0)', :dead),
  'the next claim has the next attempt');

-- It may fail as often as at first.
select is(run(format($$select faultline.fail_job(%s, 2, '{}', retry_in => '0')$$, :dead)), 'ok', 'the first failure after it');
select claim.attempt, run(format($$select faultline.fail_job(%s, %s, '{}', retry_in => '0')$$, :dead, claim.attempt)) from faultline.claim_job('mail', gen_random_uuid()) as claim \g /dev/null
select is(state, 'queued', 'after two failures it is queued') from faultline.jobs where job_id = :dead;
select claim.attempt, run(format($$select faultline.fail_job(%s, %s, '{}', retry_in => '0')$$, :dead, claim.attempt)) from faultline.claim_job('mail', gen_random_uuid()) as claim \g /dev/null
select is(state, 'failed', 'after three it is a dead letter again') from faultline.jobs where job_id = :dead;
select is(operate(format('select faultline.retry_job(%s)', :dead)), 'queued', 'and can be retried again');

-- Errors.
select job_in('queued') as queued, job_in('running') as running, job_in('succeeded') as succeeded, job_in('cancelled') as cancelled, job_in('discarded') as discarded \gset
select changes_nothing('faultline_operator', format('select faultline.retry_job(%s)', :queued), 'queued', 'a queued job is queued');
select refused('faultline_operator', format('select faultline.retry_job(%s)', id), 'FL003', format('job %s is %s and can not be retried', id, state),
  'Only a dead letter (failed) can be retried; enqueue a new job to do finished work again.')
from (values (:running, 'running'), (:succeeded, 'succeeded'), (:cancelled, 'cancelled'), (:discarded, 'discarded')) v (id, state);
select refused('faultline_operator', 'select faultline.retry_job(424242)', 'FL005', 'there is no job 424242', 'It was never enqueued, or it finished so long ago that retention removed it.');
select refused('faultline_operator', 'select faultline.retry_job(null)', 'FL005', 'there is no job NULL');

select * from finish();
