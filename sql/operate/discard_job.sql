-- Puts a dead letter away for good: it moves to jobs_done as discarded. Returns 'discarded', repeated too.
-- For faultline_operator. Locks the job's row.
-- Errors: FL003 the job is queued or running (cancel it), or finished otherwise; FL005 no such job.
create function faultline.discard_job(job_id bigint)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
  ended text;
begin
  select * into job from faultline.jobs_live j where j.job_id = discard_job.job_id for update;
  if not found then
    select d.state into ended from faultline.jobs_done d where d.job_id = discard_job.job_id;
    if not found then
      perform faultline._no_job(job_id);
    elsif ended = 'discarded' then
      return 'discarded';
    end if;
  elsif job.state = 'failed' then
    perform faultline._finish(job, 'discarded', null);
    perform faultline._record(job_id, job.attempt, 'discard', null, pg_catalog.jsonb_build_object('queue', job.queue, 'type', job.type));
    return 'discarded';
  end if;
  raise exception using
    errcode = 'FL003', message = pg_catalog.format('job %s is %s and can not be discarded', job_id, coalesce(ended, job.state)),
    hint = case when ended is null then 'cancel_job stops a queued or running job.' else 'Only a dead letter (failed) can be discarded.' end;
end
$$;
comment on function faultline.discard_job(bigint) is 'Puts a dead letter away for good.';
grant execute on function faultline.discard_job(bigint) to faultline_operator;
