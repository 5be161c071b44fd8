-- Extends the leases of a runner's attempts and tells which of them someone wants cancelled. For faultline_runner.
-- Returns a row for each attempt it could look at, in the order of the arrays: 'ok' and whether cancelling was asked
-- for, or 'stale' if the attempt has lost its lease (recorded once). An attempt whose row somebody holds at this moment
-- is left out: skip it, the next beat will tell. A lease is never shortened.
-- Locks the rows it extends, waits for nobody. Errors: FL004 for NULLs, other lengths, or a lease out of 1 s to 24 h.
create function faultline.heartbeat(runner uuid, job_ids bigint[], attempts int[], lease interval default null)
returns table (job_id bigint, verdict text, cancel_requested boolean)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
#variable_conflict use_column
declare
  total int := coalesce(pg_catalog.cardinality(job_ids), 0);
  extension interval := heartbeat.lease;
  now_ timestamptz;
  beaten bigint[];
  beaten_attempts int[];
  cancels boolean[];
  item record;
begin
  if heartbeat.runner is null then
    perform faultline._invalid('runner is NULL', 'Pass the uuid that claimed the jobs');
  end if;
  if total <> coalesce(pg_catalog.cardinality(attempts), 0) or total > 10000
     or pg_catalog.array_position(job_ids, null) is not null or pg_catalog.array_position(attempts, null) is not null then
    perform faultline._refuse_fences('beat', job_ids, attempts, '{}');
  end if;
  if extension is null then
    select s.lease into extension from faultline.settings s;
  else
    perform faultline._check_interval('lease', extension, interval '1 second', interval '24 hours');
  end if;

  perform pg_catalog.pg_current_xact_id();
  now_ := pg_catalog.clock_timestamp();
  with beat as (
    update faultline.jobs_live j
    set lease_expires_at = greatest(j.lease_expires_at, now_ + extension)
    where j.ctid = any (array(
      select c.ctid
      from unnest(job_ids, attempts) as u (job_id, attempt)
      -- = any (array[…]), so that the plan can't be to walk all of jobs_live: see complete_jobs.
      join faultline.jobs_live c on c.job_id = any (array[u.job_id]) and c.attempt = u.attempt
      where c.lease_owner = heartbeat.runner
      for no key update of c skip locked))
    returning j.job_id, j.attempt, j.cancel_requested_at is not null as cancel
  )
  select pg_catalog.array_agg(b.job_id), pg_catalog.array_agg(b.attempt), pg_catalog.array_agg(b.cancel)
  into beaten, beaten_attempts, cancels
  from beat b;

  -- By attempt too: a runner that lost an attempt and claimed the job again beats for both. A window and not a join,
  -- which would be a nested loop here, and take seconds for 10 000.
  for item in
    select w.job_id, w.attempt, w.extended, w.cancel
    from (
      select v.job_id, v.attempt, v.ordinal, bool_or(v.ordinal is null) over attempt as extended,
        bool_or(v.cancel) over attempt as cancel
      from (
        select u.job_id, u.attempt, u.ordinal, false
        from unnest(job_ids, attempts) with ordinality as u (job_id, attempt, ordinal)
        union all
        select b.job_id, b.attempt, null, b.cancel
        from unnest(beaten, beaten_attempts, cancels) as b (job_id, attempt, cancel)
      ) v (job_id, attempt, ordinal, cancel)
      window attempt as (partition by v.job_id, v.attempt)
    ) w
    where w.ordinal is not null
    order by w.ordinal
  loop
    job_id := item.job_id;
    verdict := 'ok';
    cancel_requested := item.cancel;
    if not item.extended then
      continue when exists (
        select
        from faultline.jobs_live j
        where j.job_id = item.job_id and j.attempt = item.attempt and j.lease_owner = heartbeat.runner);
      verdict := 'stale';
      perform faultline._record_stale(item.job_id, item.attempt, 'heartbeat', heartbeat.runner);
    end if;
    return next;
  end loop;
end
$$;
comment on function faultline.heartbeat(uuid, bigint[], int[], interval)
is 'Extends the leases of a runner''s attempts; tells which are stale and which someone wants cancelled.';
grant execute on function faultline.heartbeat(uuid, bigint[], int[], interval) to faultline_runner;
