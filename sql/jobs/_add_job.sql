-- Inserts one job that is known to be new, wakes who sleeps on its queue, and returns its id.
-- Arguments are checked and have their defaults; max_attempts NULL means what the queue says, or the settings.
create function faultline._add_job(
  job_id bigint, type text, payload jsonb, queue text, run_at timestamptz, priority int, max_attempts int,
  idempotency_key text, backoff jsonb, timeout interval, tags text[], headers jsonb, transaction_id text,
  run_id bigint, task text)
returns bigint
language plpgsql
as $$
#variable_conflict use_variable
declare
  -- The xid first: the floor's proof needs ready_at to be later than that, and a sleeping runner's the xid before the bell.
  now_ constant timestamptz := case when pg_catalog.pg_current_xact_id() is not null then pg_catalog.clock_timestamp() end;
  -- Once: a value that comes compressed from a table is as large as that here, but not in a plan of which it is a constant.
  apart constant boolean := faultline._stands_apart(payload);
begin
  insert into faultline.jobs_live (
    job_id, ready_at, created_at, max_attempts, priority, type, queue, payload, headers, backoff, timeout, tags,
    idempotency_key, transaction_id, run_id, task)
  values (
    job_id, greatest(run_at, now_), now_,
    coalesce(max_attempts, (select q.max_attempts from faultline.queues q where q.queue = _add_job.queue),
             (select s.max_attempts from faultline.settings s)),
    priority, type, queue, case when not apart then payload end, headers, backoff, timeout, tags,
    idempotency_key, transaction_id, run_id, task);
  -- The id in any case. A PERFORM would be a query of its own, at 4 µs a job.
  return case
    when (not apart or faultline._keep_apart(job_id, payload))
         and coalesce(run_at, now_) <= now_ and faultline._ring(queue) then job_id
    else job_id
  end;
end
$$;
comment on function faultline._add_job(bigint, text, jsonb, text, timestamptz, int, int, text, jsonb, interval, text[], jsonb, text, bigint, text)
is 'Private: inserts one new job, rings its queue''s bell and returns the id.';
