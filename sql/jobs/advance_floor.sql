-- Moves the floor below which no job of these queues is waiting, and returns the token that says so. Below the floor lie
-- the dead versions that an old snapshot keeps: a claim, a reap or a count that knows it does not walk them.
-- For faultline_runner and faultline_observer. Call it about every second on a connection in autocommit, with the
-- token it returned last; start with NULL on a new connection. Every 30 s it starts at the very beginning by itself (a
-- sweep): should a clock that was set back have left jobs below the floor, all of them are above it again.
--
-- The proof. Whatever writes ready_at, a lease or the due_at of a transaction or a task first takes its xid, and then reads the clock, so none is ever in
-- the past. One call reads a time T, then takes an xid X. A later call whose snapshot has xmin >= X knows that every
-- transaction which could still commit a row below T is over. The floor is then the lesser of T and the first live
-- entry, read plainly (no SKIP LOCKED: a claim that rolls back must not be jumped) in that later snapshot. A long
-- writing transaction anywhere in the cluster holds the proof back; a reader does not. No walk goes beyond T: what is
-- finished but has its lease in the future would be walked again by every call until that has passed.
-- Locks nothing, changes nothing. It is a hint: correctness never rests on it.
create function faultline.advance_floor(queues text[], floor text default null)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set jit = off
as $$
#variable_conflict use_variable
declare
  token jsonb;
  read_at timestamptz;
  proven_at timestamptz;
  own xid8;
  name text;
  floors jsonb := '{}'::jsonb;
  jobs jsonb := '{}'::jsonb;
  level_floors jsonb;
  level_jobs jsonb;
  level_floor timestamptz;
  level_job bigint;
  first record;
  lease_floor timestamptz;
  due_floor timestamptz;
  wake_floor timestamptz;
  swept_at timestamptz;
begin
  if queues is null or pg_catalog.array_position(queues, null) is not null then
    perform faultline._invalid('queues is NULL or has a NULL in it', 'Name the queues whose floor you want');
  end if;
  if pg_catalog.pg_current_xact_id_if_assigned() is not null then
    -- X would be older than T, and the proof void: whoever got an xid in between could commit below T.
    return floor;
  end if;
  read_at := pg_catalog.clock_timestamp();
  own := pg_catalog.pg_current_xact_id();
  token := faultline._read_floor(floor, read_at);

  if pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) >= (token ->> 'next_xid')::xid8 then
    proven_at := (token ->> 'next_at')::timestamptz;
    swept_at := (token ->> 'swept_at')::timestamptz;
    if swept_at is null or swept_at <= read_at - interval '30 seconds' then
      swept_at := read_at;
      token := token - array['queues', 'jobs', 'lease', 'due', 'wake'];
    end if;
    foreach name in array queues loop
      level_floors := '[]';
      level_jobs := '[]';
      for level in 1..4 loop
        level_floor := coalesce((token -> 'queues' -> name ->> (level - 1))::timestamptz, '-infinity');
        level_job := coalesce((token -> 'jobs' -> name ->> (level - 1))::bigint, 0);
        select j.ready_at, j.job_id into first
        from faultline.jobs_live j
        where j.state = 'queued' and j.queue = name and j.priority = level
          and (j.ready_at, j.job_id) >= (level_floor, level_job) and j.ready_at < proven_at
        order by j.ready_at, j.job_id
        limit 1;
        -- To the job, not only to the time: a million jobs may have one run_at.
        if found then
          level_floor := first.ready_at;
          level_job := first.job_id;
        else
          level_floor := proven_at;
          level_job := 0;
        end if;
        level_floors := level_floors || pg_catalog.jsonb_build_array(level_floor);
        level_jobs := level_jobs || pg_catalog.jsonb_build_array(level_job);
      end loop;
      floors := floors || pg_catalog.jsonb_build_object(name, level_floors);
      jobs := jobs || pg_catalog.jsonb_build_object(name, level_jobs);
    end loop;
    lease_floor := coalesce((
      select j.lease_expires_at
      from faultline.jobs_live j
      where j.lease_expires_at >= coalesce((token ->> 'lease')::timestamptz, '-infinity')
        and j.lease_expires_at < proven_at
      order by j.lease_expires_at
      limit 1), proven_at);
    due_floor := coalesce((
      select t.due_at
      from faultline.transactions t
      where t.due_at >= coalesce((token ->> 'due')::timestamptz, '-infinity') and t.due_at < proven_at
      order by t.due_at
      limit 1), proven_at);
    wake_floor := coalesce((
      select t.due_at
      from faultline.tasks t
      where t.due_at >= coalesce((token ->> 'wake')::timestamptz, '-infinity') and t.due_at < proven_at
      order by t.due_at
      limit 1), proven_at);
    return pg_catalog.jsonb_build_object(
      'read_at', read_at, 'next_at', read_at, 'next_xid', own::text, 'swept_at', swept_at, 'queues', floors, 'jobs', jobs,
      'lease', lease_floor, 'due', due_floor, 'wake', wake_floor)::text;
  end if;

  -- Not proven yet: keep what is, and wait for the same X (a newer one would never be reached under steady writers).
  if token ? 'next_xid' then
    return floor;
  end if;
  return pg_catalog.jsonb_build_object('read_at', read_at, 'next_at', read_at, 'next_xid', own::text)::text;
end
$$;
comment on function faultline.advance_floor(text[], text)
is 'Returns the next floor token of these queues: where the walk of a claim, a reap or a count may start.';
grant execute on function faultline.advance_floor(text[], text) to faultline_runner, faultline_observer;
