-- One job as an object whose keys are the columns of the view jobs, and cancel_requested; NULL if there is none.
-- For faultline_producer and faultline_observer. Locks no row.
-- Looks into jobs_live first: a year of partitions takes 441 locks, a live job 4. A job moves from there to jobs_done and
-- never back: what the first look misses the second one finds, whatever ends between them.
create function faultline.job_status(job_id bigint)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_variable
declare
  status jsonb;
begin
  select pg_catalog.jsonb_build_object(
      'job_id', l.job_id, 'type', l.type, 'queue', l.queue, 'state', l.state, 'priority', l.priority,
      'payload', coalesce(l.payload, (select p.payload from faultline.payloads p where p.job_id = l.job_id)),
      'result', null, 'error', l.error, 'attempt', l.attempt, 'max_attempts', l.max_attempts,
      'tags', l.tags, 'run_at', l.ready_at, 'created_at', l.created_at, 'started_at', l.started_at,
      'finished_at', l.finished_at, 'lease_owner', l.lease_owner, 'lease_expires_at', l.lease_expires_at,
      'idempotency_key', l.idempotency_key, 'run_id', l.run_id, 'task', l.task,
      'cancel_requested', l.cancel_requested_at is not null)
  into status
  from faultline.jobs_live l
  where l.job_id = job_status.job_id;
  if not found then
    select pg_catalog.jsonb_build_object(
        'job_id', d.job_id, 'type', d.type, 'queue', d.queue, 'state', d.state, 'priority', d.priority,
        'payload', coalesce(d.payload, (select p.payload from faultline.payloads p where p.job_id = d.job_id)),
        'result', d.result, 'error', d.error, 'attempt', d.attempt, 'max_attempts', d.max_attempts,
        'tags', d.tags, 'run_at', d.ready_at, 'created_at', d.created_at, 'started_at', d.started_at,
        'finished_at', d.finished_at, 'lease_owner', d.lease_owner, 'lease_expires_at', null,
        'idempotency_key', d.idempotency_key, 'run_id', d.run_id, 'task', d.task,
        'cancel_requested', d.state = 'cancelled')
    into status
    from faultline.jobs_done d
    where d.job_id = job_status.job_id;
  end if;
  return status;
end
$$;
comment on function faultline.job_status(bigint) is 'One job as an object whose keys are the columns of the view jobs, or NULL.';
grant execute on function faultline.job_status(bigint) to faultline_producer, faultline_observer;
