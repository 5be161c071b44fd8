-- Puts a running job off because its handler says that it is too early, without charging a failure. For faultline_runner.
-- Returns 'ok', or 'repeat'. Locks the job's row.
--   for_   1 ms to 366 days; there is no default and no zero: a job that is always too early would run in a hot loop
-- Errors: FL001 stale attempt, FL004, FL005 no such job.
create function faultline.snooze_job(job_id bigint, attempt int, for_ interval)
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
  if for_ is null then
    perform faultline._invalid('for_ is NULL', 'Say for how long the job is put off, for example ''5 minutes''');
  end if;
  perform faultline._check_interval('for_', for_, interval '1 millisecond', interval '366 days');
  return faultline._answer(
    faultline._end_attempt(job_id, attempt, 'snooze', false, true, for_, null, null) is not null, job_id, attempt, 'snooze');
end
$$;
comment on function faultline.snooze_job(bigint, int, interval)
is 'Puts a running job off, uncharged: ok, or repeat; raises FL001 if the attempt is stale.';
grant execute on function faultline.snooze_job(bigint, int, interval) to faultline_runner;
