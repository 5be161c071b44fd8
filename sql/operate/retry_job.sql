-- Queues a dead letter again, at once and with its full number of attempts. Returns 'queued'. For faultline_operator.
-- Repeated while the job is still queued it changes nothing and gives the same answer. Locks the job's row.
-- Errors: FL003 the job is running or finished; FL005 no such job.
create function faultline.retry_job(job_id bigint)
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
  -- ready_at must be later than the writer's xid: the floor rests on it.
  perform pg_catalog.pg_current_xact_id();
  select * into job from faultline.jobs_live j where j.job_id = retry_job.job_id for update;
  if not found then
    select d.state into ended from faultline.jobs_done d where d.job_id = retry_job.job_id;
    if not found then
      perform faultline._no_job(job_id);
    end if;
  elsif job.run_id is not null then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('job %s is task %s of run %s and can not be retried alone', job_id, job.task, job.run_id),
      hint = 'resume_run runs again what failed in a run, and what depended on it.';
  elsif job.state = 'queued' then
    return 'queued';
  elsif job.state = 'failed' then
    update faultline.jobs_live j
    set state = 'queued', failures = 0, ready_at = pg_catalog.clock_timestamp(), finished_at = null, cancel_requested_at = null
    where j.job_id = job.job_id;
    perform faultline._record(job_id, job.attempt, 'retry', null, pg_catalog.jsonb_build_object('queue', job.queue, 'type', job.type));
    perform faultline._ring(job.queue);
    return 'queued';
  end if;
  raise exception using
    errcode = 'FL003', message = pg_catalog.format('job %s is %s and can not be retried', job_id, coalesce(ended, job.state)),
    hint = 'Only a dead letter (failed) can be retried; enqueue a new job to do finished work again.';
end
$$;
comment on function faultline.retry_job(bigint) is 'Queues a dead letter again, with its full number of attempts.';
grant execute on function faultline.retry_job(bigint) to faultline_operator;
