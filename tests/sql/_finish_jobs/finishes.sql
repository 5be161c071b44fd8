\ir ../../support/workflows.sql
begin;
select * from no_plan();

select begun('{"q": {"type": "t", "payload": {"n": 1}, "priority": 3, "queue": "slow"}, "r": {"type": "t"}, "f": {"type": "t"}}') as run \gset
select begun('{"a": {"type": "t"}}') as other \gset
select queued('plain') \g /dev/null
select task_claimed(:run, 'r'), task_ends(:run, 'f', 'failed') \g /dev/null
create function tap.jobs_of(runs bigint[]) returns text language sql volatile security definer
as $$ select pg_catalog.string_agg(j.task || ' ' || j.state, ', ' order by j.job_id) from faultline.jobs j where j.run_id = any (runs) $$;

-- What may be queued or running ends cancelled; dead letters stay.
select faultline._finish_jobs(array[:run], 'cancelled');
select is(jobs_of(array[:run]), 'f failed, q cancelled, r cancelled', 'what is queued or running is cancelled, a dead letter is not');
select is((d.state, d.from_state, d.type, d.queue, d.payload, d.priority, d.task, d.run_id, d.attempt, d.result),
          ('cancelled'::text, 'queued'::text, 't'::text, 'slow'::text, '{"n": 1}'::jsonb, 3::smallint, 'q'::text, :run::bigint, 0, null::jsonb), 'all that it is moves')
from faultline.jobs_done d where d.job_id = task_job(:run, 'q');
select is((d.from_state, d.attempt, d.lease_owner, d.started_at is null), ('running'::text, 1, runner(1), false), 'of a running one its last attempt too')
from faultline.jobs_done d where d.job_id = task_job(:run, 'r');
select ok(d.finished_at > now() and d.finished_at <= clock_timestamp(), 'finished now, by the clock')
from faultline.jobs_done d where d.job_id = task_job(:run, 'q');

-- Dead letters are discarded, with the error that they died of; what is alive is not.
select faultline._finish_jobs(array[:run, :other], 'discarded');
select is(jobs_of(array[:run, :other]), 'f discarded, q cancelled, r cancelled, a queued', 'dead letters of all the runs are discarded, and nothing else');
select is((d.from_state, d.error, d.failures), ('failed'::text, '{"type": "E", "message": "broken"}'::jsonb, 1), 'with what they died of')
from faultline.jobs_done d where d.job_id = task_job(:run, 'f');
select is((live('plain')).state, 'queued', 'a job that is no task is nobody''s business here');
select faultline._finish_jobs(array[:run, :other], 'discarded');
select faultline._finish_jobs('{}', 'cancelled');
select is(jobs_of(array[:other]), 'a queued', 'nothing to do: nothing is done');

-- The transactions of such jobs are told.
select faultline.submit_transaction('tx', 't') as job \gset
update faultline.jobs_live set run_id = :other, task = 'tx' where job_id = :job;
select faultline._finish_jobs(array[:other], 'cancelled');
select is(t.job_state, 'cancelled', 'the transaction is told how its job ended') from faultline.transactions t where t.transaction_id = 'tx';

select * from finish();
rollback;
