\ir ../../support/operating.sql
select * from no_plan();

select job_in('failed', '{"queue": "mail", "payload": {"to": "ann"}, "idempotency_key": "k"}') as dead \gset
select is(operate(format('select faultline.discard_job(%s)', :dead)), 'discarded', 'a dead letter is put away');
select results_eq(format($$select state, from_state, queue, payload, attempt, failures, idempotency_key, error from faultline.jobs_done where job_id = %s$$, :dead),
  $$values ('discarded', 'failed', 'mail', '{"to": "ann"}'::jsonb, 1, 1, 'k', '{"type": "ValueError", "message": "broken"}'::jsonb)$$,
  'it is history, with its last error');
select ok(finished_at between now() - interval '1 minute' and clock_timestamp(), 'it finished when it was discarded') from faultline.jobs where job_id = :dead;
select is_empty(format('select from faultline.jobs_live where job_id = %s', :dead), 'and it is nowhere else');
select results_eq(format('select event_lines(%L) offset 1', :dead), $$values ('discard {"type": "work", "queue": "mail"}')$$, 'the action is recorded');
select is(actor, session_user::text, 'with who did it') from faultline.job_events where verb = 'discard';
select changes_nothing('faultline_operator', format('select faultline.discard_job(%s)', :dead), 'discarded', 'repeated, the same answer and no change');

select job_in('queued') as queued, job_in('running') as running, job_in('succeeded') as succeeded, job_in('cancelled') as cancelled \gset
select refused('faultline_operator', format('select faultline.discard_job(%s)', id), 'FL003', format('job %s is %s and can not be discarded', id, state), hint)
from (values (:queued, 'queued', 'cancel_job stops a queued or running job.'), (:running, 'running', 'cancel_job stops a queued or running job.'),
             (:succeeded, 'succeeded', 'Only a dead letter (failed) can be discarded.'), (:cancelled, 'cancelled', 'Only a dead letter (failed) can be discarded.')) v (id, state, hint);
select refused('faultline_operator', 'select faultline.discard_job(424242)', 'FL005', 'there is no job 424242', 'It was never enqueued, or it finished so long ago that retention removed it.');
select refused('faultline_operator', 'select faultline.discard_job(null)', 'FL005', 'there is no job NULL');

select * from finish();
