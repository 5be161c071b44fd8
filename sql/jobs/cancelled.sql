-- Reports that a handler ended because it was cancelled: the job moves to jobs_done as cancelled. For faultline_runner.
-- Returns 'ok', or 'repeat'. Locks the job's row.
-- Errors: FL001 stale attempt; FL003 nobody asked to cancel the job; FL004; FL005 no such job.
create function faultline.cancelled(job_id bigint, attempt int)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_variable
declare
  requested timestamptz;
begin
  perform faultline._check_fence(job_id, attempt);
  perform faultline._lock_runs(array[j.run_id]) from faultline.jobs_live j where j.job_id = cancelled.job_id and coalesce(j.run_id, 0) > 0;
  select j.cancel_requested_at into requested
  from faultline.jobs_live j
  where j.job_id = cancelled.job_id and j.attempt = cancelled.attempt and j.state = 'running'
  for update;
  if found and requested is null then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('nobody asked to cancel job %s', job_id),
      hint = 'cancel_job asks for it; a handler that gives up by itself fails or completes.';
  end if;
  return faultline._answer(
    faultline._end_attempt(job_id, attempt, 'cancelled', false, true, null, null, null) is not null, job_id, attempt, 'cancelled');
end
$$;
comment on function faultline.cancelled(bigint, int)
is 'Reports that a handler ended because its job was cancelled: ok, or repeat; raises FL001 if the attempt is stale.';
grant execute on function faultline.cancelled(bigint, int) to faultline_runner;
