-- Reports that an attempt failed. The failure is charged: the job waits for its backoff (or retry_in) and is queued
-- again, or, after max_attempts failures or with retryable => false, is a dead letter: failed until someone retries or
-- discards it. A job whose cancelling was asked for ends cancelled instead. For faultline_runner.
-- Returns 'ok', or 'repeat' if this attempt's failure was accepted before.
--   error      an object; type, message and traceback are what people are shown
--   retry_in   0 to 366 days, in place of the backoff
-- Locks the job's row. Errors: FL001 stale attempt, FL004, FL005 no such job.
create function faultline.fail_job(
  job_id bigint, attempt int, error jsonb, retryable boolean default true, retry_in interval default null)
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
  perform faultline._check_document('the error', error, true);
  perform faultline._check_interval('retry_in', retry_in, interval '0', interval '366 days');
  return faultline._answer(
    faultline._end_attempt(job_id, attempt, 'fail', true, coalesce(retryable, true), retry_in, coalesce(error, '{}'), null)
      is not null,
    job_id, attempt, 'fail');
end
$$;
comment on function faultline.fail_job(bigint, int, jsonb, boolean, interval)
is 'Reports the failure of an attempt: the job is retried later, or is a dead letter. ok, or repeat; raises FL001 if the attempt is stale.';
grant execute on function faultline.fail_job(bigint, int, jsonb, boolean, interval) to faultline_runner;
