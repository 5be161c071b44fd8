-- Moves a locked job from jobs_live to jobs_done, in which no state is left again. The caller holds the row's lock and
-- has checked the fence.
create function faultline._finish(job faultline.jobs_live, state text, error jsonb)
returns void
language plpgsql
as $$
begin
  delete from faultline.jobs_live j where j.job_id = job.job_id;
  insert into faultline.jobs_done (
    job_id, finished_at, created_at, ready_at, started_at, lease_owner, run_id, attempt, failures, max_attempts, priority,
    from_state, state, type, queue, payload, error, headers, tags, idempotency_key, task)
  values (
    job.job_id, pg_catalog.clock_timestamp(), job.created_at, job.ready_at, job.started_at, job.lease_owner, job.run_id,
    job.attempt, job.failures, job.max_attempts, job.priority, job.state, _finish.state, job.type, job.queue, job.payload,
    coalesce(_finish.error, job.error), job.headers, job.tags, job.idempotency_key, job.task);
  if job.run_id is not null and _finish.state = 'cancelled' then
    perform faultline._task_ended(job, 'cancelled', _finish.error);
  end if;
  if job.transaction_id is not null then
    perform faultline._tell_transaction(job.transaction_id, _finish.state);
  end if;
end
$$;
comment on function faultline._finish(faultline.jobs_live, text, jsonb) is 'Private: moves a locked job to jobs_done.';
