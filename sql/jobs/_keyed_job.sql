-- The job that a key stands for, or NULL after the key was made to stand for new_job_id. One key, one job: the primary
-- key of idempotency_keys decides between callers at the same moment, and the loser waits for the winner's commit.
-- Statements of their own, in a loop: ON CONFLICT DO NOTHING and a SELECT in one statement can both come back empty.
-- Raises FL002 when the key stands for other arguments.
create function faultline._keyed_job(queue text, key text, ttl interval, type text, payload jsonb, new_job_id bigint)
returns bigint
language plpgsql
as $$
#variable_conflict use_column
declare
  found_key faultline.idempotency_keys;
  new_hash constant bigint := faultline._arguments_hash(_keyed_job.type, _keyed_job.payload);
  lifetime constant interval := coalesce(_keyed_job.ttl, interval '7 days');
  moment timestamptz;
begin
  loop
    moment := pg_catalog.clock_timestamp();
    insert into faultline.idempotency_keys (queue, key, job_id, arguments_hash, created_at, expires_at)
    values (_keyed_job.queue, _keyed_job.key, new_job_id, new_hash, moment, moment + lifetime)
    on conflict (queue, key) do nothing;
    if found then
      return null;
    end if;

    select * into found_key
    from faultline.idempotency_keys k
    where k.queue = _keyed_job.queue and k.key = _keyed_job.key;
    continue when not found;

    if found_key.expires_at <= pg_catalog.clock_timestamp()
       and not exists (select from faultline.jobs_live j where j.job_id = found_key.job_id) then
      -- Expired, and its job is over: the key is free. Only if it still is the row just read.
      delete from faultline.idempotency_keys k
      where k.queue = _keyed_job.queue and k.key = _keyed_job.key and k.job_id = found_key.job_id;
      continue;
    end if;

    if found_key.arguments_hash <> new_hash then
      raise exception using
        errcode = 'FL002',
        message = pg_catalog.format('idempotency key %L of queue %s stands for job %s, which has another type or payload',
                                    _keyed_job.key, _keyed_job.queue, found_key.job_id),
        hint = 'The same key wants the same type, queue and payload: use a new key for new work.';
    end if;
    return found_key.job_id;
  end loop;
end
$$;
comment on function faultline._keyed_job(text, text, interval, text, jsonb, bigint) is 'Private: the job an idempotency key stands for, or NULL after it was given to the new one.';
