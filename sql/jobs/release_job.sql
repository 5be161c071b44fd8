-- Gives a claimed job back without charging a failure: the runner stops, or does not know the type. For faultline_runner.
-- Returns 'ok', or 'repeat'. Locks the job's row.
--   delay   0 to 366 days until it may be claimed again; at once by default
-- Errors: FL001 stale attempt, FL004, FL005 no such job.
create function faultline.release_job(job_id bigint, attempt int, delay interval default null)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_variable
begin
  perform faultline._check_fence(job_id, attempt);
  perform faultline._check_interval('delay', delay, interval '0', interval '366 days');
  return faultline._answer(
    faultline._end_attempt(job_id, attempt, 'release', false, true, delay, null, null) is not null, job_id, attempt, 'release');
end
$$;
comment on function faultline.release_job(bigint, int, interval)
is 'Gives a claimed job back uncharged: ok, or repeat; raises FL001 if the attempt is stale.';
grant execute on function faultline.release_job(bigint, int, interval) to faultline_runner;
