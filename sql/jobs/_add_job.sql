-- Inserts one job that is known to be new, and wakes who sleeps on its queue. The caller has its xid already: the floor's
-- proof needs ready_at to be later than that, and a sleeping runner's needs the xid before the bell.
-- Arguments are checked and have their defaults; max_attempts NULL means what the queue says, or the settings.
create function faultline._add_job(
  job_id bigint, type text, payload jsonb, queue text, run_at timestamptz, priority int, max_attempts int,
  idempotency_key text, backoff jsonb, timeout interval, tags text[], headers jsonb, transaction_id text,
  run_id bigint, task text)
returns void
language plpgsql
as $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  ready_at constant timestamptz := greatest(run_at, now_);
begin
  insert into faultline.jobs_live (
    job_id, ready_at, created_at, max_attempts, priority, type, queue, payload, headers, backoff, timeout, tags,
    idempotency_key, transaction_id, run_id, task)
  values (
    job_id, ready_at, now_,
    coalesce(max_attempts, (select q.max_attempts from faultline.queues q where q.queue = _add_job.queue),
             (select s.max_attempts from faultline.settings s)),
    priority, type, queue, payload, headers, backoff, timeout, tags, idempotency_key, transaction_id,
    run_id, task);
  if ready_at = now_ then
    perform faultline._ring(queue);
  end if;
end
$$;
comment on function faultline._add_job(bigint, text, jsonb, text, timestamptz, int, int, text, jsonb, interval, text[], jsonb, text, bigint, text)
is 'Private: inserts one new job and rings its queue''s bell.';
