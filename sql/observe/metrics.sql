-- What the database knows, as Prometheus gauges. For faultline_runner and faultline_observer. Locks nothing.
--   floor   a token of advance_floor, so that depth and age do not walk what an old snapshot keeps
-- Every count stops at 10 000, so ten million queued jobs cost what ten thousand do: read 10000 as "10 000 or more".
-- At most 200 queues have labels of their own; the names come in order.
-- faultline_oldest_snapshot_seconds covers the sessions that faultline_owner may see: all of them once it is granted
-- pg_read_all_stats.
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
  queue_ text;
  level_floor timestamptz;
  level_job bigint;
  depth bigint;
  oldest timestamptz;
begin
  for queue_ in select * from faultline._queue_names(token, 200) loop
    depth := 0;
    oldest := null;
    for level in 1..4 loop
      level_floor := coalesce((token -> 'queues' -> queue_ ->> (level - 1))::timestamptz, '-infinity');
      level_job := coalesce((token -> 'jobs' -> queue_ ->> (level - 1))::bigint, 0);
      if depth < 10000 then
        depth := depth + (
          select count(*)
          from (
            select from faultline.jobs_live j
            where j.state = 'queued' and j.queue = queue_ and j.priority = level
              and (j.ready_at, j.job_id) >= (level_floor, level_job)
            limit 10000 - depth
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
    value := depth;
    return next;
    labels := pg_catalog.jsonb_build_object('queue', queue_, 'state', 'running');
    value := (
      select count(*)
      from (select from faultline.jobs_live j where j.queue = queue_ and j.lease_expires_at >= lease_floor limit 10000) c);
    return next;
    labels := pg_catalog.jsonb_build_object('queue', queue_, 'state', 'failed');
    value := (
      select count(*)
      from (select from faultline.jobs_live j where j.queue = queue_ and j.finished_at is not null limit 10000) c);
    return next;
    name := 'faultline_queue_oldest_ready_seconds';
    labels := pg_catalog.jsonb_build_object('queue', queue_);
    value := coalesce(extract(epoch from now_ - oldest), 0);
    return next;
  end loop;

  labels := '{}';
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
  labels := '{}';
  name := 'faultline_schedule_missed_total';
  value := (select coalesce(sum(s.forgotten_missed), 0) from faultline.schedules s)
    + (select coalesce(sum(t.missed), 0) from faultline.schedule_ticks t where t.missed > 0);
  return next;
  name := 'faultline_runners';
  value := (select count(*) from faultline.runners r where r.last_seen_at > now_ - interval '1 minute');
  return next;
  name := 'faultline_oldest_snapshot_seconds';
  value := (
    select coalesce(greatest(0, extract(epoch from now_ - min(a.xact_start))), 0)
    from pg_catalog.pg_stat_activity a
    where a.backend_xmin is not null and a.pid <> pg_catalog.pg_backend_pid());
  return next;
end
$$;
comment on function faultline.metrics(text) is 'What the database knows, as Prometheus gauges: depth, age, dead letters, runners, the oldest snapshot.';
grant execute on function faultline.metrics(text) to faultline_runner, faultline_observer;
