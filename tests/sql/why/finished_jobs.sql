\ir ../../support/operating.sql
select * from no_plan();

select job_in('succeeded') as succeeded, job_in('cancelled') as cancelled, job_in('discarded') as discarded, job_in('running', '{"max_attempts": 1}') as silent \gset
select faultline.fail_job(:silent, 1, '{}');
select faultline.discard_job(:silent);
-- The past, as no verb can make it.
set session_replication_role = replica;
update faultline.jobs_done set finished_at = clock_timestamp() - interval '75 min 20 s';
set session_replication_role = origin;

select is(observe(format('select faultline.why(%s) ->> ''why''', id)), sentence, state)
from (values
  (:succeeded, 'succeeded', 'it succeeded on attempt 1, 1 h 15 min ago'),
  (:cancelled, 'cancelled', 'it was cancelled 1 h 15 min ago'),
  (:discarded, 'discarded', 'it was a dead letter after ValueError: broken, and discarded 1 h 15 min ago'),
  (:silent, 'discarded without a word', 'it was a dead letter, and discarded 1 h 15 min ago')
) as v (id, state, sentence);

select is(faultline.why(:succeeded) - 'why',
  jsonb_build_object('job_id', job_id, 'state', 'succeeded', 'facts', jsonb_build_object(
    'type', 'work', 'queue', 'default', 'attempt', 1, 'finished_at', finished_at, 'runner', '11111111-1111-1111-1111-111111111111')),
  'the facts of a job that succeeded')
from faultline.jobs where job_id = :succeeded;
select is(faultline.why(:discarded) -> 'facts' -> 'error', '{"type": "ValueError", "message": "broken"}', 'a discarded one has its error');

select * from finish();
