-- What follows inside one run from tasks that have ended (NULL: look at every task that waits): tasks whose needs are all
-- over start or are skipped, skips propagate, and a run with nothing left to do is finished. Jobs are made for all tasks of a
-- step at once. Returns the runs whose turn it is then: children that have begun, and this one if it ended as a task of
-- another. The root is locked, so nobody ends a task meanwhile.
-- Here and in its like: lateral … offset 0 is what keeps the planner from any other order of a join, by which it would walk
-- all tasks of the run for each one; and rows that are found so are updated by their ctid.
create function faultline._advance(r faultline.runs, ended text[])
returns bigint[]
language plpgsql
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
  frontier text[] := ended;
  following text[];
  jobs text[];
  skipped text[];
  after_failures boolean[];
  others jsonb[];
  turns bigint[] := '{}'::bigint[];
  ready record;
  holds boolean;
  error jsonb;
  definition jsonb;
  started record;
begin
  loop
    following := '{}';
    jobs := '{}';
    skipped := '{}';
    after_failures := '{}';
    others := '{}';
    for ready in
      select x.name, w.definition, n.failed,
        case w.definition ->> 'when' when 'success' then n.all_succeeded when 'failure' then n.failed else true end as goes,
        w.definition ->> 'kind' = 'job' and not w.definition ? 'for_each' as plain,
        w.definition ? 'if' as conditional
      from faultline._ready(r, frontier) as x (name)
      cross join lateral (
        select w.definition, w.ordinal
        from faultline.workflow_tasks w
        where w.workflow = r.workflow and w.version = r.version and w.task = x.name
        offset 0
      ) w
      cross join lateral (
        select coalesce(bool_and(p.state = 'succeeded'), true) as all_succeeded,
          bool_or(p.state in ('failed', 'cancelled') or p.after_failure) as failed
        from faultline.task_dependencies e
        cross join lateral (
          select p.state, p.after_failure from faultline.tasks p where p.run_id = r.run_id and p.name = e.needs and p.item = -1 offset 0
        ) p
        where e.workflow = r.workflow and e.version = r.version and e.task = x.name
      ) n
      order by w.ordinal
    loop
      holds := ready.goes;
      if ready.goes and ready.conditional then
        select c.holds, c.error into holds, error from faultline._condition(r, ready.name, ready.definition) c;
        if error is not null then
          perform faultline._end_task(r.run_id, ready.name, -1, 'failed', null, error);
          following := following || ready.name;
          continue;
        end if;
      end if;
      if not holds then
        skipped := skipped || ready.name;
        after_failures := after_failures || (ready.failed and not ready.goes);
      elsif ready.plain then
        jobs := jobs || ready.name;
      else
        others := others || pg_catalog.jsonb_build_object('name', ready.name, 'definition', ready.definition);
      end if;
    end loop;
    if pg_catalog.cardinality(skipped) > 0 then
      update faultline.tasks t
      set state = 'skipped', finished_at = pg_catalog.clock_timestamp(), after_failure = s.after_failure
      from (
        select p.place, u.after_failure
        from unnest(skipped, after_failures) as u (name, after_failure)
        cross join lateral (
          select p.ctid as place from faultline.tasks p where p.run_id = r.run_id and p.name = u.name and p.item = -1 offset 0
        ) p
        offset 0
      ) s
      where t.ctid = s.place;
      following := following || skipped;
    end if;
    if pg_catalog.cardinality(jobs) > 0 then
      perform faultline._start_jobs(r, jobs, pg_catalog.array_fill(-1, array[pg_catalog.cardinality(jobs)]));
    end if;
    foreach definition in array others loop
      select * into started from faultline._start_task(r, definition ->> 'name', definition -> 'definition');
      if pg_catalog.cardinality(started.turns) > 0 then
        turns := turns || started.turns;
      end if;
      if started.over then
        following := following || (definition ->> 'name');
      end if;
    end loop;
    exit when pg_catalog.cardinality(following) = 0;
    frontier := following;
  end loop;
  if faultline._finish_run(r) and r.parent_run_id is not null then
    turns := turns || r.run_id;
  end if;
  return turns;
end
$$;
comment on function faultline._advance(faultline.runs, text[]) is 'Private: what follows inside a run from tasks that have ended.';
