\ir ../../support/operating.sql
select * from no_plan();

-- A queued job is cancelled at once.
select job_in('queued', '{"queue": "mail", "payload": {"to": "ann"}, "tags": ["a"], "priority": 3, "headers": {"h": 1}, "idempotency_key": "k"}') as queued \gset
select is(operate(format('select faultline.cancel_job(%s)', :queued)), 'cancelled', 'a queued job is cancelled');
select results_eq(format($$select state, from_state, type, queue, payload, tags, priority, headers, idempotency_key, attempt, failures, result, error, lease_owner, started_at from faultline.jobs_done where job_id = %s$$, :queued),
  $$values ('cancelled', 'queued', 'work', 'mail', '{"to": "ann"}'::jsonb, '{a}'::text[], 3::smallint, '{"h": 1}'::jsonb, 'k', 0, 0, null::jsonb, null::jsonb, null::uuid, null::timestamptz)$$,
  'it is history, with all that it was');
select is_empty(format('select from faultline.jobs_live where job_id = %s', :queued), 'and nowhere else');
select is_empty($$select * from faultline.claim_job('mail', gen_random_uuid())$$, 'nobody claims it');
select results_eq(format('select event_lines(%L)', :queued), $$values ('cancel {"type": "work", "queue": "mail"}')$$, 'the action is recorded');
select is(actor, session_user::text, 'with who did it') from faultline.job_events where job_id = :queued;
select changes_nothing('faultline_operator', format('select faultline.cancel_job(%s)', :queued), 'cancelled', 'repeated, the same answer and no change');

-- A job that waits for a time, or for its retry, is queued too.
select job_in('queued', '{"run_at": "2100-01-01"}') as future, job_in('running') as retried \gset
select faultline.fail_job(:retried, 1, '{"type": "E"}');
select is(operate(format('select faultline.cancel_job(%s)', id)), 'cancelled', name || ' is cancelled')
from (values (:future, 'a job of the future'), (:retried, 'a job that waits for its retry')) v (id, name);
select is(error, '{"type": "E"}', 'its last error is kept') from faultline.jobs where job_id = :retried;

-- The handler of a running job is asked.
select job_in('running') as running \gset
select is(operate(format('select faultline.cancel_job(%s)', :running)), 'requested', 'the handler of a running job is asked to stop');
select results_eq(format($$select state, cancel_requested_at between now() - interval '1 minute' and clock_timestamp(), attempt from faultline.jobs_live where job_id = %s$$, :running),
  $$values ('running', true, 1)$$, 'the job still runs');
select results_eq(format($$select * from faultline.heartbeat('11111111-1111-1111-1111-111111111111', '{%s}', '{1}')$$, :running),
  format($$values (%s::bigint, 'ok', true)$$, :running), 'its next heartbeat tells');
select results_eq(format('select event_lines(%L)', :running), $$values ('cancel_requested {"type": "work", "queue": "default"}')$$, 'the action is recorded');
select changes_nothing('faultline_operator', format('select faultline.cancel_job(%s)', :running), 'requested', 'repeated, the same answer and no change');

-- However that attempt ends, the job does not run again.
select is(run(format('select faultline.cancelled(%s, 1)', :running)), 'ok', 'the handler gives up');
select job_in('running') as fails, job_in('running') as expires, job_in('running') as released, job_in('running') as snoozed, job_in('running') as completes \gset
select faultline.cancel_job(id) from unnest(array[:fails, :expires, :released, :snoozed, :completes]) id;
select run(format($$select faultline.fail_job(%s, 1, '{"type": "E"}')$$, :fails));
select run(format('select faultline.release_job(%s, 1)', :released));
select run(format($$select faultline.snooze_job(%s, 1, '1 s')$$, :snoozed));
select run(format('select faultline.complete_job(%s, 1)', :completes));
update faultline.jobs_live set lease_expires_at = now() - interval '1 s' where job_id = :expires;
select run('select faultline.reap_expired()');
select results_eq(format($$select state, from_state from faultline.jobs_done where job_id in (%s, %s, %s, %s, %s) order by job_id$$, :running, :fails, :expires, :released, :snoozed),
  $$select 'cancelled', 'running' from generate_series(1, 5)$$, 'given up, failed, expired, released or snoozed: it ends cancelled');
select is(state, 'succeeded', 'completed all the same: it succeeded') from faultline.jobs where job_id = :completes;
select is(operate(format('select faultline.cancel_job(%s)', :fails)), 'cancelled', 'and a later cancel_job says so');

-- Errors.
select job_in('failed') as failed, job_in('succeeded') as succeeded, job_in('discarded') as discarded \gset
select refused('faultline_operator', format('select faultline.cancel_job(%s)', :failed), 'FL003', format('job %s is failed and can not be cancelled', :failed), 'discard_job puts a dead letter away.');
select refused('faultline_operator', format('select faultline.cancel_job(%s)', :succeeded), 'FL003', format('job %s is succeeded and can not be cancelled', :succeeded), 'Only a queued or a running job can be cancelled.');
select refused('faultline_operator', format('select faultline.cancel_job(%s)', :discarded), 'FL003', format('job %s is discarded and can not be cancelled', :discarded), 'Only a queued or a running job can be cancelled.');
select refused('faultline_operator', 'select faultline.cancel_job(424242)', 'FL005', 'there is no job 424242', 'It was never enqueued, or it finished so long ago that retention removed it.');
select refused('faultline_operator', 'select faultline.cancel_job(null)', 'FL005', 'there is no job NULL');

select * from finish();
