-- Makes one job, or finds the one its idempotency key stands for. Arguments are checked and have their defaults;
-- max_attempts NULL means what the queue says, or the settings.
create function faultline._enqueue(
  type text, payload jsonb, queue text, run_at timestamptz, priority int, max_attempts int, idempotency_key text,
  idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb,
  out job_id bigint, out created boolean)
language plpgsql
as $$
#variable_conflict use_variable
declare
  now_ timestamptz;
  existing bigint;
begin
  -- The floor's proof needs ready_at to be later than the writer's xid, and a sleeping runner's needs the xid before the bell.
  perform pg_catalog.pg_current_xact_id();
  job_id := pg_catalog.nextval('faultline.jobs_live_job_id_seq');
  if idempotency_key is not null then
    existing := faultline._keyed_job(queue, idempotency_key, idempotency_ttl, type, payload, job_id);
    if existing is not null then
      job_id := existing;
      created := false;
      return;
    end if;
  end if;
  now_ := pg_catalog.clock_timestamp();
  insert into faultline.jobs_live (
    job_id, ready_at, created_at, max_attempts, priority, type, queue, payload, headers, backoff, timeout, tags,
    idempotency_key)
  values (
    job_id, greatest(run_at, now_), now_,
    coalesce(max_attempts, (select q.max_attempts from faultline.queues q where q.queue = _enqueue.queue),
             (select s.max_attempts from faultline.settings s)),
    priority, type, queue, payload, headers, backoff, timeout, tags, idempotency_key);
  created := true;
  if run_at is null or run_at <= now_ then
    perform faultline._ring(queue);
  end if;
end
$$;
comment on function faultline._enqueue(text, jsonb, text, timestamptz, int, int, text, interval, jsonb, interval, text[], jsonb)
is 'Private: makes one job, or finds the one its idempotency key stands for.';
