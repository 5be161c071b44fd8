-- Records that a report was refused as stale. A single report that is refused raises, and so rolls its own record back:
-- call this afterwards, in a transaction of its own. For faultline_runner. Recorded once, however often it is called;
-- a report that was accepted after all is not recorded.
--   verb   the report: complete, fail, release, snooze, cancelled, heartbeat, apply
-- Errors: FL004 a NULL, an unknown verb, or the attempt is the running one; FL005 no such job.
create function faultline.report_stale(job_id bigint, attempt int, verb text)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_variable
declare
  reason text;
begin
  perform faultline._check_fence(job_id, attempt);
  if verb is null or verb not in ('complete', 'fail', 'release', 'snooze', 'cancelled', 'heartbeat', 'apply') then
    perform faultline._invalid(
      pg_catalog.format('verb %s is not a report', coalesce(pg_catalog.quote_literal(pg_catalog.left(verb, 100)), 'NULL')),
      'One of complete, fail, release, snooze, cancelled, heartbeat, apply');
  end if;
  if exists (
    select from faultline.jobs_live j
    where j.job_id = report_stale.job_id and j.attempt = report_stale.attempt and j.state = 'running'
  ) then
    perform faultline._invalid(
      pg_catalog.format('attempt %s of job %s is running, nothing of it is stale', attempt, job_id), 'Report it as it is');
  end if;
  reason := faultline._refused(job_id, attempt, verb);
  if reason = 'unknown' then
    perform faultline._no_job(job_id);
  elsif reason = 'stale' then
    -- Of two callers at the same moment the second waits, to see what the first recorded.
    perform pg_catalog.pg_advisory_xact_lock(
      pg_catalog.hashtextextended(pg_catalog.format('faultline stale %s %s %s', job_id, attempt, verb), 0));
    perform faultline._record_stale(job_id, attempt, verb, null);
  end if;
end
$$;
comment on function faultline.report_stale(bigint, int, text) is 'Records, once, that a report of this attempt was refused as stale.';
grant execute on function faultline.report_stale(bigint, int, text) to faultline_runner;
