-- Claims up to batch jobs that are ready, for a runner of many queues: every level of priority over all queues, 1 first;
-- within a level the queues in the order given, within a queue by ready_at. Returns the jobs, each with its fence
-- (job_id, attempt) and its deadline. For faultline_runner.
--   lease   how long the attempt may go without a heartbeat (1 s to 24 h); else what the queue says, else the settings
--   floor   a token of advance_floor, never older than the connection. It bounds the walk from below: without it the
--           call is right too, but slow while someone holds an old snapshot
-- Locks the rows it returns, skips those that others hold; and first, in the order of their names, the rows of those
-- queues that have max_running, whose limit is exact therefore. Fewer than batch does not mean empty. A claim of 50 or
-- more waits, up to a second, while two such claims of its first queue are under way, and a notice (01FL1) says so: commit
-- soon.
-- Repeated, it claims other jobs: a claim whose reply was lost is given back with release_unknown.
-- Errors: FL004, also for any isolation but READ COMMITTED (SKIP LOCKED would end in 40001).
create function faultline.claim_jobs(
  queues text[], runner uuid, batch int default 1, lease interval default null, floor text default null)
returns setof faultline.claimed_job
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
  name text;
  now_ timestamptz;
  wanted int := coalesce(batch, 1);
  claimed int;
  room int[];
  leases interval[];
  default_lease interval;
  lease_floor timestamptz;
  level_floor timestamptz;
  level_job bigint;
  setting record;
  places int;
  turns int[];
  turn int;
  place int;
  level int;
begin
  -- A quick test of the usual call, in one expression: each has its price in each transaction anew. Only what fails it is
  -- looked at argument by argument.
  if not coalesce(
    pg_catalog.cardinality(queues) > 0 and pg_catalog.array_position(queues, null) is null and runner is not null
      and wanted between 1 and 10000
      and (lease is null
           or lease between interval '1 second' and interval '24 hours' and pg_catalog.strpos(lease::text, '-') = 0)
      and pg_catalog.current_setting('transaction_isolation') = 'read committed',
    false) then
    if queues is null or pg_catalog.cardinality(queues) = 0 or pg_catalog.array_position(queues, null) is not null then
      perform faultline._invalid('queues is empty or has a NULL in it', 'Name one queue or more');
    end if;
    if runner is null then
      perform faultline._invalid('runner is NULL', 'A runner makes a new uuid at each start');
    end if;
    if wanted not between 1 and 10000 then
      perform faultline._invalid(pg_catalog.format('batch %s is out of bounds', batch), 'It lies between 1 and 10000');
    end if;
    perform faultline._check_interval('lease', lease, interval '1 second', interval '24 hours');
    perform faultline._check_isolation('a claim');
  end if;
  foreach name in array queues loop
    if pg_catalog.length(name) > 128 or name !~ '^[A-Za-z0-9_.:-]+$' then
      perform faultline._check_name('queue', name);
    end if;
  end loop;

  if pg_catalog.cardinality(queues) > 1 then
    queues := array(select u.q from unnest(queues) with ordinality as u (q, o) group by u.q order by min(u.o));
  end if;
  places := pg_catalog.cardinality(queues);
  now_ := pg_catalog.clock_timestamp();
  token := faultline._read_floor(floor, now_);
  -- Where there is anything: to look at all levels of all queues at once costs less than to try one of them in vain.
  turns := array(
    select t
    from (
      select
        t, queues[t % places + 1] as queue, t / places + 1 as level,
        coalesce((token -> 'queues' -> queues[t % places + 1] ->> (t / places))::timestamptz, '-infinity') as ready_at,
        coalesce((token -> 'jobs' -> queues[t % places + 1] ->> (t / places))::bigint, 0) as job_id
      from generate_series(0, 4 * places - 1) as t
      offset 0
    ) p
    cross join lateral (
      select
      from faultline.jobs_live l
      where l.state = 'queued' and l.queue = p.queue and l.priority = p.level
        and (l.ready_at, l.job_id) >= (p.ready_at, p.job_id) and l.ready_at <= now_
      limit 1
    ) ready
    order by t);
  if turns = '{}' then
    return;
  end if;

  -- A turn: before the claim has its xid, on which the floors of others would wait. Not within a transaction that has
  -- written: it may have locks for which the one whose turn it is waits.
  -- Both turns are tried here first, as _take_turn does: to call it costs more than all other checks together.
  if wanted >= 50 and pg_catalog.pg_current_xact_id_if_assigned() is null
     and not pg_catalog.pg_try_advisory_xact_lock(1181838446, pg_catalog.hashtext(queues[1]))
     and not pg_catalog.pg_try_advisory_xact_lock(1181838447, pg_catalog.hashtext(queues[1])) then
    perform faultline._take_turn(queues[1]);
  end if;

  -- A lease is later than the clock when written, which is later than the writer's xid: the reaper's floor rests on it.
  now_ := case when pg_catalog.pg_current_xact_id() is not null then pg_catalog.clock_timestamp() end;
  lease_floor := coalesce((token ->> 'lease')::timestamptz, '-infinity');
  if lease is null then
    select s.lease into default_lease from faultline.settings s;
  end if;
  room := pg_catalog.array_fill(wanted, array[pg_catalog.cardinality(queues)]);
  leases := pg_catalog.array_fill(coalesce(lease, default_lease), array[pg_catalog.cardinality(queues)]);
  for setting in
    select q.queue, q.paused_at, q.max_running, q.lease
    from faultline.queues q
    where q.queue = any (queues)
    order by q.queue
  loop
    place := pg_catalog.array_position(queues, setting.queue);
    if setting.max_running is not null then
      -- Lock first, read and count in statements of their own: what waited for the lock sees what the holder did.
      perform from faultline.queues q where q.queue = setting.queue for no key update;
      select q.queue, q.paused_at, q.max_running, q.lease into setting from faultline.queues q where q.queue = setting.queue;
      room[place] := greatest(0, least(wanted, setting.max_running - (
        select count(*)
        from (
          select
          from faultline.jobs_live j
          where j.queue = setting.queue and j.lease_expires_at >= lease_floor
          limit setting.max_running
        ) running)));
    end if;
    if setting.paused_at is not null then
      room[place] := 0;
    end if;
    if lease is null and setting.lease is not null then
      leases[place] := setting.lease;
    end if;
  end loop;
  -- The wait for a limited queue's row may have been long; a lease starts when the claim does.
  now_ := pg_catalog.clock_timestamp();

  foreach turn in array turns loop
    place := turn % places + 1;
    level := turn / places + 1;
    continue when room[place] <= 0;
    level_floor := coalesce((token -> 'queues' -> queues[place] ->> (level - 1))::timestamptz, '-infinity');
    level_job := coalesce((token -> 'jobs' -> queues[place] ->> (level - 1))::bigint, 0);
    return query
    with claimed as (
      update faultline.jobs_live j
      set state = 'running', attempt = j.attempt + 1, lease_owner = runner, started_at = now_,
          lease_expires_at = now_ + leases[place]
      where j.ctid = any (array(
        select c.ctid
        from faultline.jobs_live c
        where c.state = 'queued' and c.queue = queues[place] and c.priority = level
          and (c.ready_at, c.job_id) >= (level_floor, level_job) and c.ready_at <= now_
        order by c.ready_at, c.job_id
        limit least(wanted, room[place])
        for no key update skip locked))
      returning j.job_id, j.attempt, j.type, j.payload, j.queue, j.max_attempts, j.timeout, j.lease_expires_at, j.run_id,
        j.task, j.headers, j.failures, j.priority::int, j.tags, j.ready_at, j.started_at, j.created_at, j.transaction_id
    )
    -- RETURNING comes in physical order. A payload that stands apart is fetched behind the sort, which needn't carry it.
    select c.job_id, c.attempt, c.type,
      coalesce(c.payload, (select p.payload from faultline.payloads p where p.job_id = c.job_id)),
      c.queue, c.max_attempts, c.timeout, c.lease_expires_at, c.run_id, c.task, c.headers, c.failures, c.priority, c.tags,
      c.ready_at, c.started_at, c.created_at, c.transaction_id
    from (select * from claimed c order by c.ready_at, c.job_id offset 0) c;
    get diagnostics claimed = row_count;
    wanted := wanted - claimed;
    room[place] := room[place] - claimed;
    exit when wanted = 0;
  end loop;
end
$$;
comment on function faultline.claim_jobs(text[], uuid, int, interval, text)
is 'Claims up to batch ready jobs of these queues for a runner and returns them with their fences and deadlines.';
grant execute on function faultline.claim_jobs(text[], uuid, int, interval, text) to faultline_runner;
