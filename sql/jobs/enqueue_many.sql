-- Makes many jobs in one statement, all or nothing: an array of 1 to 10 000 objects whose keys are the arguments of
-- enqueue. Returns a row for each, in the order of the array: its place (from 1), the job's id, and whether the job is
-- new (false: its idempotency key stood for one already). For faultline_producer.
-- Errors: FL002, FL004, each with the place of the element. Keys are taken in the order (queue, key), so that two
-- batches with the same keys can't deadlock.
create function faultline.enqueue_many(jobs jsonb)
returns table (ordinal int, job_id bigint, created boolean)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_column
declare
  now_ timestamptz;
  default_attempts int;
  keyed boolean;
  item record;
  job record;
  keyed_ordinals int[] := '{}'::int[];
  keyed_ids bigint[] := '{}'::bigint[];
  keyed_created boolean[] := '{}'::boolean[];
  message text;
  hint text;
begin
  perform faultline._check_array('jobs', jobs, '[{"type": "hello", "payload": {}}]');

  perform pg_catalog.pg_current_xact_id();
  now_ := pg_catalog.clock_timestamp();
  select s.max_attempts into default_attempts from faultline.settings s;
  -- By type: a comparison would look into an array and find nothing in an empty one.
  keyed := pg_catalog.jsonb_path_exists(jobs, '$[*].idempotency_key.type() ? (@ != "null")');

  -- Elements with a key, one by one and in the order of their keys.
  if keyed then
    for item in
      select e.ordinality::int as ordinal, e.value as job
      from pg_catalog.jsonb_array_elements(jobs) with ordinality e
      where e.value ->> 'idempotency_key' is not null
      order by coalesce(e.value ->> 'queue', 'default'), e.value ->> 'idempotency_key', e.ordinality
    loop
      perform faultline._refuse_item(item.ordinal, item.job);
      begin
        select n.* into job
        from pg_catalog.jsonb_to_record(item.job) as r (
            type text, payload jsonb, queue text, run_at timestamptz, priority int, max_attempts int,
            idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb),
          faultline._enqueue(
            r.type, coalesce(r.payload, '{}'), coalesce(r.queue, 'default'), r.run_at, coalesce(r.priority, 2),
            r.max_attempts, r.idempotency_key, r.idempotency_ttl, r.backoff, r.timeout, coalesce(r.tags, '{}'), r.headers) n;
      exception when sqlstate 'FL002' then
        get stacked diagnostics message = message_text, hint = pg_exception_hint;
        raise exception using
          errcode = 'FL002', message = pg_catalog.format('job %s: %s', item.ordinal, message), hint = hint;
      end;
      keyed_ordinals := keyed_ordinals || item.ordinal;
      keyed_ids := keyed_ids || job.job_id;
      keyed_created := keyed_created || job.created;
    end loop;
  end if;

  -- All others in one INSERT. Its WHERE is a quick test; what fails it is asked about slowly, and refused by name.
  begin
    return query
    with item as materialized (
      select e.ordinality as ordinal, pg_catalog.nextval('faultline.jobs_live_job_id_seq') as job_id, r.*,
        faultline._stands_apart(r.payload) as apart
      from pg_catalog.jsonb_array_elements(jobs) with ordinality e,
        pg_catalog.jsonb_to_record(e.value) as r (
          type text, payload jsonb, queue text, run_at timestamptz, priority int, max_attempts int,
          idempotency_key text, idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb)
      where r.idempotency_key is null
        and ((e.value - '{type,payload,queue,priority,max_attempts}'::text[] = '{}'
              and pg_catalog.length(r.type) <= 128 and r.type ~ '^[A-Za-z0-9_.:-]+$'
              and coalesce(pg_catalog.length(r.queue) <= 128 and r.queue ~ '^[A-Za-z0-9_.:-]+$', true)
              and coalesce(pg_catalog.jsonb_typeof(r.payload), 'object') = 'object'
              and coalesce(pg_catalog.octet_length(r.payload::text), 0) <= 262144
              and coalesce(r.priority, 2) between 1 and 4
              and coalesce(r.max_attempts, 5) between 1 and 100) is true
             or not faultline._refuse_item(e.ordinality, e.value))
    ), apart as (
      insert into faultline.payloads (job_id, payload)
      select i.job_id, i.payload from item i where i.apart
    ), inserted as (
      insert into faultline.jobs_live (
        job_id, ready_at, created_at, max_attempts, priority, type, queue, payload, headers, backoff, timeout, tags)
      select i.job_id, greatest(i.run_at, now_), now_, coalesce(i.max_attempts, q.max_attempts, default_attempts),
             coalesce(i.priority, 2), i.type, coalesce(i.queue, 'default'),
             case when i.apart then null else coalesce(i.payload, '{}') end, i.headers, i.backoff,
             i.timeout, coalesce(i.tags, '{}')
      from item i
      left join faultline.queues q on q.queue = coalesce(i.queue, 'default')
    )
    select i.ordinal::int, i.job_id, true from item i
    union all
    select k.ordinal, k.job_id, k.created
    from unnest(keyed_ordinals, keyed_ids, keyed_created) as k (ordinal, job_id, created)
    order by 1;
  exception
    when sqlstate 'FL004' then
      -- Raised anew from here: its context would be the whole INSERT.
      get stacked diagnostics message = message_text, hint = pg_exception_hint;
      raise exception using errcode = 'FL004', message = message, hint = hint;
    when data_exception then
      -- A value that no cast could read, or an element that is no object: the slow test says which.
      for item in
        select e.ordinality as ordinal, e.value as job
        from pg_catalog.jsonb_array_elements(jobs) with ordinality e
      loop
        perform faultline._refuse_item(item.ordinal, item.job);
      end loop;
      raise;
  end;

  for item in
    select distinct coalesce(e ->> 'queue', 'default') as queue
    from pg_catalog.jsonb_array_elements(jobs) e
    where e ->> 'idempotency_key' is null and coalesce((e ->> 'run_at')::timestamptz, now_) <= now_
  loop
    perform faultline._ring(item.queue);
  end loop;
end
$$;
comment on function faultline.enqueue_many(jsonb)
is 'Makes many jobs, all or nothing, from an array of objects whose keys are the arguments of enqueue; one row each, in order.';
grant execute on function faultline.enqueue_many(jsonb) to faultline_producer;
