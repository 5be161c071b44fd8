-- Makes a job and returns its id. Call it inside your own transaction: the job exists if and only if that commits.
-- For faultline_producer. An argument that is NULL means its default.
--   run_at           not before this time; a time that has passed means now
--   priority         1 to 4, 1 runs first
--   max_attempts     1 to 100; else what the queue says, else the settings (5)
--   idempotency_key  one key of a queue, one job: called again with the same type and payload it returns the same id and
--                    changes nothing; with others it raises FL002. A caller at the same moment waits for the first to commit
--   idempotency_ttl  how long the key is kept (7 days), never shorter than its job lives
--   backoff          {"kind": "exponential"|"fixed", "delay": "1s", "max_delay": "1h", "jitter": 0.2}
--   timeout          how long one attempt may run
--   headers          an object that travels with the job, for trace context
-- Errors: FL002 key reused with other arguments; FL004 an argument out of its limits.
-- Locks nothing but its key. Without a key, each call makes a new job.
create function faultline.enqueue(
  type text, payload jsonb default '{}', queue text default 'default', run_at timestamptz default null,
  priority int default 2, max_attempts int default null, idempotency_key text default null,
  idempotency_ttl interval default null, backoff jsonb default null, timeout interval default null,
  tags text[] default '{}', headers jsonb default null)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_variable
begin
  -- A quick test of the usual call, in one expression: each has its price in each transaction anew. Only what fails it
  -- is looked at argument by argument, and refused by name.
  if pg_catalog.length(type) <= 128 and type ~ '^[A-Za-z0-9_.:-]+$'
     and (queue = 'default' or pg_catalog.length(queue) <= 128 and queue ~ '^[A-Za-z0-9_.:-]+$')
     and pg_catalog.jsonb_typeof(payload) = 'object' and pg_catalog.octet_length(payload::text) <= 262144
     and priority between 1 and 4 and tags = '{}'
     and pg_catalog.num_nulls(run_at, max_attempts, idempotency_key, idempotency_ttl, backoff, timeout, headers) = 7 then
    return faultline._add_job(pg_catalog.nextval('faultline.jobs_live_job_id_seq'), type, payload, queue, null, priority,
                              null, null, null, null, tags, null, null, null, null);
  end if;

  payload := coalesce(payload, '{}');
  queue := coalesce(queue, 'default');
  priority := coalesce(priority, 2);
  tags := coalesce(tags, '{}');
  perform faultline._check_job(type, payload, queue, run_at, priority, max_attempts, idempotency_key, idempotency_ttl,
                               backoff, timeout, tags, headers);
  if idempotency_key is null then
    return faultline._add_job(pg_catalog.nextval('faultline.jobs_live_job_id_seq'), type, payload, queue, run_at, priority,
                              max_attempts, null, backoff, timeout, tags, headers, null, null, null);
  end if;
  return (faultline._enqueue(type, payload, queue, run_at, priority, max_attempts, idempotency_key, idempotency_ttl, backoff,
                             timeout, tags, headers)).job_id;
end
$$;
comment on function faultline.enqueue(text, jsonb, text, timestamptz, int, int, text, interval, jsonb, interval, text[], jsonb)
is 'Makes a job in the caller''s transaction and returns its id; with an idempotency key, the id of the one job of that key.';
grant execute on function faultline.enqueue(text, jsonb, text, timestamptz, int, int, text, interval, jsonb, interval, text[], jsonb)
to faultline_producer;
