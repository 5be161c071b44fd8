-- All that follows in a run from tasks that have ended (NULL: look at every task that waits): tasks whose needs are all over
-- start or are skipped, skips propagate, and a run with nothing left to do is finished. The root is locked, so nobody ends
-- a task meanwhile.
create function faultline._advance(run_id bigint, ended text[])
returns void
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
#variable_conflict use_variable
declare
  r faultline.runs;
  frontier text[] := ended;
  following text[];
  candidate record;
  verdict jsonb;
begin
  select * into r from faultline.runs x where x.run_id = _advance.run_id;
  if r.state <> 'running' then
    return;
  end if;
  loop
    following := '{}';
    for candidate in
      select t.name, w.definition
      from faultline._waiting(r, frontier) as x (name)
      join faultline.tasks t on t.run_id = r.run_id and t.name = any (array[x.name]) and t.item = -1
      join faultline.workflow_tasks w on w.workflow = r.workflow and w.version = r.version and w.task = any (array[x.name])
      where t.state = 'waiting'
        -- The last of its needs that is unfinished, if any: the ordinals rise along the edges.
        and (
          select n.name
          from faultline.task_dependencies e
          join faultline.tasks n on n.run_id = r.run_id and n.name = any (array[e.needs]) and n.item = -1
          where e.workflow = r.workflow and e.version = r.version and e.task = t.name and n.finished_at is null
          order by e.ordinal desc
          limit 1) is null
    loop
      verdict := faultline._decide(r, candidate.definition);
      if verdict ? 'error' then
        perform faultline._end_task(r.run_id, candidate.name, -1, 'failed', null, verdict -> 'error');
        following := following || candidate.name;
      elsif (verdict ->> 'run')::boolean then
        if faultline._start_task(r, candidate.name, candidate.definition) then
          following := following || candidate.name;
        end if;
      else
        update faultline.tasks t
        set state = 'skipped', finished_at = pg_catalog.clock_timestamp(), after_failure = (verdict ->> 'after_failure')::boolean
        where t.run_id = r.run_id and t.name = candidate.name and t.item = -1;
        following := following || candidate.name;
      end if;
    end loop;
    exit when pg_catalog.cardinality(following) = 0;
    frontier := following;
  end loop;
  perform faultline._finish_run(r);
end
$$;
comment on function faultline._advance(bigint, text[]) is 'Private: all that follows in a run from tasks that have ended.';
