-- Cancels a job. Queued: it is cancelled at once, 'cancelled'. Running: its handler is told with the next heartbeat,
-- 'requested'; the job ends cancelled when the handler gives up, fails or loses its lease, and succeeded if it completes
-- all the same. For faultline_operator. Repeated, it gives the same answer. Locks the job's row.
-- Errors: FL003 a dead letter (discard it), or a job that succeeded or was discarded; FL005 no such job.
create function faultline.cancel_job(job_id bigint)
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
  perform pg_catalog.pg_current_xact_id();
  perform faultline._lock_runs(array[j.run_id]) from faultline.jobs_live j where j.job_id = cancel_job.job_id and coalesce(j.run_id, 0) > 0;
  select * into job from faultline.jobs_live j where j.job_id = cancel_job.job_id for update;
  if not found then
    select d.state into ended from faultline.jobs_done d where d.job_id = cancel_job.job_id;
    if not found then
      perform faultline._no_job(job_id);
    elsif ended = 'cancelled' then
      return 'cancelled';
    end if;
  elsif job.state = 'queued' then
    perform faultline._finish(job, 'cancelled', null);
    perform faultline._record(job_id, job.attempt, 'cancel', null, pg_catalog.jsonb_build_object('queue', job.queue, 'type', job.type));
    return 'cancelled';
  elsif job.state = 'running' then
    if job.cancel_requested_at is null then
      update faultline.jobs_live j set cancel_requested_at = pg_catalog.clock_timestamp() where j.job_id = job.job_id;
      perform faultline._record(job_id, job.attempt, 'cancel_requested', null, pg_catalog.jsonb_build_object('queue', job.queue, 'type', job.type));
    end if;
    return 'requested';
  end if;
  raise exception using
    errcode = 'FL003', message = pg_catalog.format('job %s is %s and can not be cancelled', job_id, coalesce(ended, job.state)),
    hint = case when ended is null then 'discard_job puts a dead letter away.' else 'Only a queued or a running job can be cancelled.' end;
end
$$;
comment on function faultline.cancel_job(bigint) is 'Cancels a queued job at once (cancelled), or asks the handler of a running one to stop (requested).';
grant execute on function faultline.cancel_job(bigint) to faultline_operator;
