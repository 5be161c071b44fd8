-- What the database knows, as Prometheus gauges. For faultline_runner and faultline_observer. Locks nothing.
--   floor   a token of advance_floor, so that depth and age do not walk what an old snapshot keeps
-- Every count stops at 10 000, so ten million queued jobs cost what ten thousand do: read 10000 as "10 000 or more". With
-- more than 20 queues those by queue stop at 1 000: faultline_queue_depth_most says which. Below that counts are exact,
-- and so is every age.
-- At most 200 queues have labels of their own; the names come in order. faultline_queues says 201 if there are more.
-- faultline_oldest_snapshot_seconds covers what faultline_owner may see: all sessions once it is granted
-- pg_read_all_stats, and NaN before, as 0 would be a lie. A VACUUM holds no snapshot; a prepared transaction does.
create function faultline.metrics(floor text default null)
returns table (name text, labels jsonb, value double precision)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set jit = off
as $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  token constant jsonb := faultline._read_floor(floor, now_);
  lease_floor constant timestamptz := coalesce((token ->> 'lease')::timestamptz, '-infinity');
  seen_since constant timestamptz := now_ - interval '1 minute';
  runners_ bigint;
  everywhere bigint;
  by_queue jsonb;
  names text[];
  most int;
  queue_ text;
  level_floor timestamptz;
  level_job bigint;
  ready bigint;
  later bigint;
  oldest timestamptz;
begin
  select count(*), count(*) filter (where r.queues is null) into runners_, everywhere
  from faultline.runners r
  where r.last_seen_at > seen_since;
  by_queue := (
    select coalesce(pg_catalog.jsonb_object_agg(s.queue, s.runners), '{}')
    from (
      select served.queue, count(distinct r.runner) as runners
      from faultline.runners r
      cross join lateral unnest(r.queues) as served (queue)
      where r.last_seen_at > seen_since and served.queue is not null
      group by served.queue
    ) s);

  names := array(select n from faultline._queue_names(token, 201) n);
  most := case when pg_catalog.cardinality(names) > 20 then 1000 else 10000 end;
  foreach queue_ in array names[1:200] loop
    ready := 0;
    later := 0;
    oldest := null;
    for level in 1..4 loop
      level_floor := coalesce((token -> 'queues' -> queue_ ->> (level - 1))::timestamptz, '-infinity');
      level_job := coalesce((token -> 'jobs' -> queue_ ->> (level - 1))::bigint, 0);
      -- No job is walked twice: what waits for its time lies above what is ready.
      if ready < most then
        ready := ready + (
          select count(*)
          from (
            select from faultline.jobs_live j
            where j.state = 'queued' and j.queue = queue_ and j.priority = level
              and (j.ready_at, j.job_id) >= (level_floor, level_job) and j.ready_at <= now_
            limit most - ready
          ) c);
      end if;
      if ready + later < most then
        later := later + (
          select count(*)
          from (
            select from faultline.jobs_live j
            where j.state = 'queued' and j.queue = queue_ and j.priority = level and j.ready_at > greatest(now_, level_floor)
            limit most - ready - later
          ) c);
      end if;
      oldest := least(oldest, (
        select j.ready_at
        from faultline.jobs_live j
        where j.state = 'queued' and j.queue = queue_ and j.priority = level
          and (j.ready_at, j.job_id) >= (level_floor, level_job) and j.ready_at <= now_
        order by j.ready_at, j.job_id
        limit 1));
    end loop;
    name := 'faultline_queue_depth';
    labels := pg_catalog.jsonb_build_object('queue', queue_, 'state', 'queued');
    value := least(most, ready + later);
    return next;
    labels := pg_catalog.jsonb_build_object('queue', queue_, 'state', 'running');
    value := (
      select count(*)
      from (select from faultline.jobs_live j where j.queue = queue_ and j.lease_expires_at >= lease_floor limit most) c);
    return next;
    labels := pg_catalog.jsonb_build_object('queue', queue_, 'state', 'failed');
    value := (
      select count(*)
      from (select from faultline.jobs_live j where j.queue = queue_ and j.finished_at is not null limit most) c);
    return next;
    labels := pg_catalog.jsonb_build_object('queue', queue_);
    name := 'faultline_queue_ready';
    value := ready;
    return next;
    name := 'faultline_queue_oldest_ready_seconds';
    value := coalesce(extract(epoch from now_ - oldest), 0);
    return next;
    name := 'faultline_queue_runners';
    value := everywhere + coalesce((by_queue ->> queue_)::bigint, 0);
    return next;
    name := 'faultline_queue_paused';
    value := (select count(*) from faultline.queues q where q.queue = queue_ and q.paused_at is not null);
    return next;
  end loop;

  labels := '{}';
  name := 'faultline_queues';
  value := pg_catalog.cardinality(names);
  return next;
  name := 'faultline_queue_depth_most';
  value := most;
  return next;
  name := 'faultline_dead_letters';
  value := (select count(*) from (select from faultline.jobs_live j where j.finished_at is not null limit 10000) c);
  return next;
  name := 'faultline_transactions';
  labels := '{"state": "INIT"}';
  value := (select count(*) from (select from faultline.transactions t where t.state = 'INIT' limit 10000) c);
  return next;
  labels := '{"state": "APPLIED"}';
  value := (select count(*) from (select from faultline.transactions t where t.state = 'APPLIED' limit 10000) c);
  return next;
  labels := '{"state": "FAILED"}';
  value := (select count(*) from (select from faultline.transactions t where t.reason is not null limit 10000) c);
  return next;
  labels := '{}';
  name := 'faultline_transactions_dead';
  value := (
    select count(*)
    from (select from faultline.jobs_live j where j.finished_at is not null and j.transaction_id is not null limit 10000) c);
  return next;
  name := 'faultline_transaction_oldest_init_seconds';
  value := (
    select coalesce(greatest(0, extract(epoch from now_ - min(t.created_at))), 0)
    from (select t.created_at from faultline.transactions t where t.state = 'INIT' order by t.created_at limit 1) t);
  return next;
  name := 'faultline_effects_unknown';
  value := (select count(*) from (select from faultline.effects f where f.unknown_since is not null limit 10000) c);
  return next;
  name := 'faultline_runs';
  labels := '{"state": "running"}';
  value := (select count(*) from (select from faultline.runs r where r.finished_at is null limit 10000) c);
  return next;
  labels := '{"state": "failed"}';
  value := (select count(*) from (select from faultline.runs r where r.state = 'failed' limit 10000) c);
  return next;
  labels := '{}';
  name := 'faultline_schedule_missed_total';
  value := (select coalesce(sum(s.forgotten_missed), 0) from faultline.schedules s)
    + (select coalesce(sum(t.missed), 0) from faultline.schedule_ticks t where t.missed > 0);
  return next;
  name := 'faultline_runners';
  value := runners_;
  return next;
  name := 'faultline_oldest_snapshot_seconds';
  value := case
    when pg_catalog.pg_has_role('pg_read_all_stats', 'usage') then (
      select coalesce(greatest(0, extract(epoch from now_ - min(s.since))), 0)
      from (
        select a.xact_start
        from pg_catalog.pg_stat_activity a
        where a.backend_xmin is not null and a.pid <> pg_catalog.pg_backend_pid()
          and not exists (select from pg_catalog.pg_stat_progress_vacuum v where v.pid = a.pid)
        union all
        select p.prepared from pg_catalog.pg_prepared_xacts p
      ) s (since))
    else 'NaN'
  end;
  return next;
  name := 'faultline_server_connections';
  value := (select sum(d.numbackends) from pg_catalog.pg_stat_database d);
  return next;
  name := 'faultline_server_connections_most';
  value := pg_catalog.current_setting('max_connections')::double precision;
  return next;
  name := 'faultline_jobs_live_bytes';
  value := pg_catalog.pg_total_relation_size('faultline.jobs_live');
  return next;
  name := 'faultline_payloads_bytes';
  value := pg_catalog.pg_total_relation_size('faultline.payloads');
  return next;
  name := 'faultline_jobs_live_dead_rows';
  value := pg_catalog.pg_stat_get_dead_tuples('faultline.jobs_live'::regclass);
  return next;
  -- At two thousand million the server stops: autovacuum keeps it below two hundred million.
  name := 'faultline_transaction_ids_used';
  value := (select pg_catalog.age(d.datfrozenxid) from pg_catalog.pg_database d where d.datname = pg_catalog.current_database());
  return next;
end
$$;
comment on function faultline.metrics(text) is 'What the database knows, as Prometheus gauges: depth, age, dead letters, runners, the oldest snapshot.';
grant execute on function faultline.metrics(text) to faultline_runner, faultline_observer;
