-- Reports that an attempt succeeded: the job moves to jobs_done with its result. For faultline_runner.
-- Returns 'ok', or 'repeat' if this attempt's success was accepted before (the first result stays).
-- Accepted after the lease's deadline too, as long as nobody took the lease away.
-- Locks the job's row. Errors: FL001 stale attempt, FL004 (a NULL, or a result over 256 KiB), FL005 no such job.
create function faultline.complete_job(job_id bigint, attempt int, result jsonb default null)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_variable
declare
  accepted boolean;
  transaction_id_ text;
begin
  perform faultline._check_fence(job_id, attempt), faultline._check_document('the result', result, false);
  with gone as (
    delete from faultline.jobs_live j
    where j.job_id = complete_job.job_id and j.attempt = complete_job.attempt and j.state = 'running' and j.run_id is null
    returning j.*
  ), done as (
    insert into faultline.jobs_done (
      job_id, finished_at, created_at, ready_at, started_at, lease_owner, run_id, attempt, failures, max_attempts, priority,
      from_state, state, type, queue, payload, result, headers, tags, idempotency_key, task)
    select g.job_id, pg_catalog.clock_timestamp(), g.created_at, g.ready_at, g.started_at, g.lease_owner, g.run_id, g.attempt,
      g.failures, g.max_attempts, g.priority, g.state, 'succeeded', g.type, g.queue, g.payload, result, g.headers, g.tags,
      g.idempotency_key, g.task
    from gone g
  )
  select true, g.transaction_id into accepted, transaction_id_ from gone g;
  if accepted is null then
    -- A task of a run, perhaps: its run is locked before it.
    select t.done_ids is not null into accepted from faultline._complete_tasks(array[job_id], array[attempt], array[result]) t;
  end if;
  if transaction_id_ is not null then
    perform faultline._tell_transaction(transaction_id_, 'succeeded');
  end if;
  return faultline._answer(coalesce(accepted, false), job_id, attempt, 'complete');
end
$$;
comment on function faultline.complete_job(bigint, int, jsonb)
is 'Reports the success of an attempt: ok, or repeat; raises FL001 if the attempt is stale.';
grant execute on function faultline.complete_job(bigint, int, jsonb) to faultline_runner;
