-- Ends the timers that are over, and the waiting for signals that never came; returns how many. For faultline_runner and
-- faultline_operator: every runner calls it about every second, any number at once.
--   max     at most so many (1 to 10 000)
--   floor   a token of advance_floor: where the walk may start
-- Reads candidates without locks, then locks the roots of their runs and skips those that others hold; whether a task is
-- still due is tested in the next statement. Repeated, it finds what is due since. Errors: FL004, also for any isolation but READ COMMITTED.
create function faultline.wake_tasks(max int default 1000, floor text default null)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_sort = off
set jit = off
as $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  lowest constant timestamptz := coalesce((faultline._read_floor(floor, now_) ->> 'wake')::timestamptz, '-infinity');
  due_runs bigint[];
  due_names text[];
  roots bigint[];
  due record;
  woken bigint := 0;
begin
  max := coalesce(max, 1000);
  if max not between 1 and 10000 then
    perform faultline._invalid(pg_catalog.format('max %s is out of bounds', max), 'It lies between 1 and 10000');
  end if;
  perform faultline._check_isolation('wake_tasks');
  select pg_catalog.array_agg(d.run_id), pg_catalog.array_agg(d.name) into due_runs, due_names
  from (
    select t.run_id, t.name from faultline.tasks t where t.due_at >= lowest and t.due_at <= now_ order by t.due_at limit max
  ) d;
  if due_runs is null then
    return 0;
  end if;
  perform pg_catalog.pg_current_xact_id();
  roots := array(
    select locked.run_id
    from (
      select c.root_run_id
      from unnest(due_runs) as u (id)
      cross join lateral (select r.root_run_id from faultline.runs r where r.run_id = u.id offset 0) c
      group by c.root_run_id
      order by c.root_run_id
      offset 0
    ) c
    cross join lateral (select r.run_id from faultline.runs r where r.run_id = c.root_run_id for no key update skip locked) locked);
  for due in
    select d.run_id, d.name, w.definition
    from unnest(due_runs, due_names) as d (run_id, name)
    cross join lateral (
      select r.workflow, r.version from faultline.runs r where r.run_id = d.run_id and r.root_run_id = any (roots) offset 0
    ) r
    cross join lateral (
      -- Not a bare comparison: no plan is to stray into the index of what is due.
      select from faultline.tasks t where t.run_id = d.run_id and t.name = d.name and t.item = -1 and coalesce(t.due_at <= now_, false) offset 0
    ) t
    cross join lateral (
      select w.definition from faultline.workflow_tasks w where w.workflow = r.workflow and w.version = r.version and w.task = d.name offset 0
    ) w
  loop
    if due.definition ->> 'kind' = 'wait' then
      perform faultline._tasks_ended(due.run_id, array[due.name], array[-1], 'succeeded', array[null]::jsonb[], null);
    else
      perform faultline._tasks_ended(due.run_id, array[due.name], array[-1], 'failed', array[null]::jsonb[], pg_catalog.jsonb_build_object(
        'type', 'SignalTimeout', 'message', pg_catalog.format('no signal %s came within %s', due.definition ->> 'signal', due.definition ->> 'timeout')));
    end if;
    woken := woken + 1;
  end loop;
  return woken;
end
$$;
comment on function faultline.wake_tasks(int, text) is 'Ends the timers that are over and the waits for signals that never came; returns how many.';
grant execute on function faultline.wake_tasks(int, text) to faultline_runner, faultline_operator;
