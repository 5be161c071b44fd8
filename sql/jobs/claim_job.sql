-- Claims up to batch jobs of one queue. All that claim_jobs says holds. For faultline_runner.
create function faultline.claim_job(
  queue text, runner uuid, batch int default 1, lease interval default null, floor text default null)
returns setof faultline.claimed_job
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select *
  from faultline.claim_jobs(array[coalesce(claim_job.queue, 'default')], claim_job.runner, claim_job.batch, claim_job.lease, claim_job.floor);
end
$$;
comment on function faultline.claim_job(text, uuid, int, interval, text)
is 'Claims up to batch ready jobs of one queue for a runner and returns them with their fences and deadlines.';
grant execute on function faultline.claim_job(text, uuid, int, interval, text) to faultline_runner;
