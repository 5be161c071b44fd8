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
  existing bigint;
begin
  job_id := pg_catalog.nextval('faultline.jobs_live_job_id_seq');
  if idempotency_key is not null then
    existing := faultline._keyed_job(queue, idempotency_key, idempotency_ttl, type, payload, job_id);
    if existing is not null then
      job_id := existing;
      created := false;
      return;
    end if;
  end if;
  perform faultline._add_job(job_id, type, payload, queue, run_at, priority, max_attempts, idempotency_key, backoff, timeout,
                             tags, headers, null, null, null);
  created := true;
end
$$;
comment on function faultline._enqueue(text, jsonb, text, timestamptz, int, int, text, interval, jsonb, interval, text[], jsonb)
is 'Private: makes one job, or finds the one its idempotency key stands for.';
