-- Locks the job of a running attempt and returns it. Raises FL001 if the attempt is stale, FL005 if there is no such job;
-- returns NULL if this attempt has written its entry already, or completed its job.
create function faultline._lock_attempt(job_id bigint, attempt int)
returns faultline.jobs_live
language plpgsql
as $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
begin
  perform faultline._check_fence(job_id, attempt);
  -- A task's run is locked before its job: complete_job, which may follow in this transaction, needs it.
  perform faultline._lock_runs(array[j.run_id]) from faultline.jobs_live j where j.job_id = _lock_attempt.job_id and coalesce(j.run_id, 0) > 0;
  select * into job
  from faultline.jobs_live j
  where j.job_id = _lock_attempt.job_id and j.attempt = _lock_attempt.attempt and j.state = 'running'
  for no key update;
  if not found and faultline._refused(job_id, attempt, 'complete') <> 'repeat' then
    perform faultline._answer(false, job_id, attempt, 'apply');
  end if;
  return job;
end
$$;
comment on function faultline._lock_attempt(bigint, int) is 'Private: locks the job of a running attempt; raises FL001, FL005.';
