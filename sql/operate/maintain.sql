-- Keeps the house: partitions 14 days ahead, retention (of runs and ticks too), expired keys, runners that are gone, checkpoints of
-- accounts. Returns what it did: {"created", "moved", "truncated", "dropped", "payloads", "keys", "runners", "postings", "runs",
-- "ticks", "postponed": [what was locked and is tried next time]}.
-- For faultline_runner and faultline_operator: cheap, safe to call from anywhere, any number of times; of callers at the
-- same moment one works, the others return {"busy": true}.
--
-- It must not stop anybody. An open SELECT on jobs_done (pg_dump!) makes CREATE … PARTITION OF, DROP and DETACH wait,
-- and every completion queues behind them. So a partition is made with CREATE TABLE (LIKE …) and ATTACH, which leave
-- completions free; an old one is emptied with TRUNCATE, which locks only itself; and its DROP, which locks the parent,
-- comes last, is tried without waiting first, and never waits for longer than 50 ms.
create function faultline.maintain()
returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '50ms'
as $$
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  today constant timestamp := pg_catalog.date_trunc('day', now_ at time zone 'UTC');
  parent text;
  day timestamp;
  time_column text;
  partition_name text;
  keep interval;
  changed bigint;
  old text;
  created int := 0;
  moved bigint := 0;
  truncated int := 0;
  dropped int := 0;
  payloads bigint := 0;
  keys bigint;
  gone bigint;
  postings bigint;
  runs bigint := 0;
  rows_ bigint := 0;
  forgotten record;
  ticks bigint := 0;
  root bigint;
  family bigint[];
  postponed text[] := '{}'::text[];
begin
  if not pg_catalog.pg_try_advisory_xact_lock(1181838444, 100) then
    return pg_catalog.jsonb_build_object('busy', true);
  end if;
  -- Before anything is written: its proof wants an xid that is younger than the numbers it reads.
  postings := faultline._fold_postings(500000);

  foreach parent in array array['jobs_done', 'job_events'] loop
    time_column := case parent when 'jobs_done' then 'finished_at' else 'at' end;
    begin
      for day in execute pg_catalog.format(
        'select pg_catalog.generate_series($1, $1 + interval ''14 days'', interval ''1 day'')
         union
         select pg_catalog.date_trunc(''day'', %I at time zone ''UTC'') from faultline.%I
         order by 1', time_column, parent || '_default') using today
      loop
        partition_name := parent || '_' || pg_catalog.to_char(day, 'YYYYMMDD');
        continue when pg_catalog.to_regclass('faultline.' || partition_name) is not null;
        begin
          execute pg_catalog.format(
            'create table faultline.%I (like faultline.%I including defaults including constraints including indexes including storage)%s',
            partition_name, parent,
            -- A row of which two share a page stays in one piece: half of the cost.
            case parent when 'jobs_done' then ' with (toast_tuple_target = 4080)' end);
          -- A row that fell into the net for want of this partition moves with it, in one transaction.
          execute pg_catalog.format(
            'with fallen as (delete from faultline.%I where %I >= $1 at time zone ''UTC'' and %I < ($1 + interval ''1 day'') at time zone ''UTC'' returning *)
             insert into faultline.%I select * from fallen', parent || '_default', time_column, time_column, partition_name)
          using day;
          get diagnostics changed = row_count;
          execute pg_catalog.format(
            'alter table faultline.%I attach partition faultline.%I for values from (%L) to (%L)',
            parent, partition_name, pg_catalog.to_char(day, 'YYYY-MM-DD 00:00:00+00'),
            pg_catalog.to_char(day + interval '1 day', 'YYYY-MM-DD 00:00:00+00'));
          created := created + 1;
          moved := moved + changed;
        exception when lock_not_available or check_violation or deadlock_detected then
          postponed := postponed || ('create ' || partition_name);
        end;
      end loop;
    exception when lock_not_available then
      -- Somebody holds the net itself.
      postponed := postponed || ('create partitions of ' || parent);
    end;
  end loop;

  -- A key outlives its job: it goes when it has expired and its job is over.
  delete from faultline.idempotency_keys k
  where k.ctid = any (array(
    select e.ctid
    from faultline.idempotency_keys e
    where e.expires_at <= now_ and not exists (select from faultline.jobs_live j where j.job_id = e.job_id)
    order by e.expires_at
    limit 10000
    for update skip locked));
  get diagnostics keys = row_count;
  delete from faultline.runners r
  where r.ctid = any (array(
    select g.ctid from faultline.runners g where g.last_seen_at < now_ - interval '1 day' for update skip locked));
  get diagnostics gone = row_count;

  -- Finished runs, each with its children, up to 10 000 tasks a call; one with a dead letter stays until somebody resumes
  -- it, or discards that. Whoever holds a run keeps it.
  for root in
    select r.run_id
    from faultline.runs r
    where r.finished_at < now_ - (select s.retention from faultline.settings s) and r.parent_run_id is null
      and not exists (
        select
        from faultline.runs c
        join faultline.jobs_live j on j.run_id = c.run_id
        where c.root_run_id = r.run_id)
    order by r.finished_at
    limit 1000
    for update skip locked
  loop
    exit when rows_ >= 10000;
    family := array(select c.run_id from faultline.runs c where c.root_run_id = root);
    delete from faultline.tasks t where t.run_id = any (family);
    get diagnostics changed = row_count;
    delete from faultline.run_signals s where s.run_id = any (family);
    delete from faultline.runs r where r.run_id = any (family);
    rows_ := rows_ + changed;
    runs := runs + pg_catalog.cardinality(family);
  end loop;

  -- Ticks that happened long ago, up to 10 000 a call: first their schedule forgets them, so that none can happen again. One
  -- whose job is live, or whose run is there, stays: by it overlaps are seen.
  for forgotten in
    select t.schedule, array_agg(t.tick_at) as ticks, max(t.tick_at) as until, sum(t.missed) as missed
    from (
      select o.schedule, o.tick_at, o.missed
      from faultline.schedule_ticks o
      where o.fired_at < now_ - (select s.retention from faultline.settings s)
        and not exists (select from faultline.jobs_live j where j.job_id = o.job_id)
        and not exists (select from faultline.runs r where r.run_id = o.run_id)
      order by o.fired_at
      limit 10000
    ) t
    group by t.schedule
    order by t.schedule
  loop
    perform from faultline.schedules s where s.schedule = forgotten.schedule for no key update skip locked;
    continue when not found;
    update faultline.schedules s
    set forgotten_until = greatest(s.forgotten_until, forgotten.until), forgotten_missed = s.forgotten_missed + forgotten.missed
    where s.schedule = forgotten.schedule;
    delete from faultline.schedule_ticks t where t.schedule = forgotten.schedule and t.tick_at = any (forgotten.ticks);
    get diagnostics changed = row_count;
    ticks := ticks + changed;
  end loop;

  foreach parent in array array['job_events', 'jobs_done'] loop
    select case parent when 'jobs_done' then s.retention else s.event_retention end into keep from faultline.settings s;
    for old in select * from faultline._days_before(parent, now_ - keep) limit 400 loop
      begin
        if pg_catalog.pg_relation_size(pg_catalog.to_regclass('faultline.' || old)) > 0 then
          -- Verify must not miss what was in it, should retention be longer again before its DROP.
          execute pg_catalog.format('comment on table faultline.%I is %L', old, 'Emptied by retention.');
          -- Payloads that stand apart go first, up to 5 000 a call: this transaction holds back the floor. The day itself
          -- is emptied by a later call: then who has a snapshot from before has seen both, or neither.
          if parent = 'jobs_done' then
            execute pg_catalog.format(
              'delete from faultline.payloads p
               where p.job_id = any (array(
                 select d.job_id
                 from faultline.%I d
                 where d.payload is null and exists (select from faultline.payloads q where q.job_id = d.job_id)
                 limit $1))', old)
            using 5000 - payloads;
            get diagnostics changed = row_count;
            payloads := payloads + changed;
            exit when payloads = 5000;
            continue when changed > 0;
          end if;
          execute pg_catalog.format('truncate faultline.%I', old);
          truncated := truncated + 1;
        end if;
      exception when lock_not_available or deadlock_detected then
        postponed := postponed || ('truncate ' || old);
      end;
    end loop;
  end loop;

  -- Those that were left by history that is gone: in a dump, say, which saw them before and its day after it was emptied.
  begin
    if payloads < 5000 and exists (select from faultline.payloads) then
      delete from faultline.payloads p
      where p.job_id = any (array(
        select o.job_id
        from faultline.payloads o
        where o.job_id < (select min(d.job_id) from faultline.jobs_done d)
          and not exists (select from faultline.jobs_live l where l.job_id = o.job_id)
        order by o.job_id
        limit 5000 - payloads));
      get diagnostics changed = row_count;
      payloads := payloads + changed;
    end if;
  exception when lock_not_available or deadlock_detected then
    postponed := postponed || 'delete payloads'::text;
  end;

  -- From the first DROP to the commit everybody waits for the parent: so nothing comes after, and of two parents one.
  foreach parent in array array['jobs_done', 'job_events'] loop
    exit when dropped > 0;
    select case parent when 'jobs_done' then s.retention else s.event_retention end into keep from faultline.settings s;
    for old in select * from faultline._days_before(parent, now_ - keep) loop
      exit when dropped = 31;
      begin
        continue when pg_catalog.pg_relation_size(pg_catalog.to_regclass('faultline.' || old)) > 0;
        if dropped = 0 then
          for try in 1..20 loop
            begin
              execute pg_catalog.format('lock table faultline.%I in access exclusive mode nowait', parent);
              exit;
            exception when lock_not_available then
              perform pg_catalog.pg_sleep(0.002);
            end;
          end loop;
        end if;
        execute pg_catalog.format('drop table faultline.%I', old);
        dropped := dropped + 1;
      exception when lock_not_available or deadlock_detected then
        postponed := postponed || ('drop ' || old);
        exit;
      end;
    end loop;
  end loop;

  return pg_catalog.jsonb_build_object(
    'created', created, 'moved', moved, 'truncated', truncated, 'dropped', dropped, 'payloads', payloads, 'keys', keys, 'runners', gone, 'postings', postings, 'runs', runs, 'ticks', ticks,
    'postponed', pg_catalog.to_jsonb(postponed));
end
$$;
comment on function faultline.maintain()
is 'Makes partitions ahead, applies retention, forgets expired keys and lost runners, adds up accounts; safe to call from anywhere, any number of times.';
grant execute on function faultline.maintain() to faultline_runner, faultline_operator;
