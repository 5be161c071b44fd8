-- The tasks of a run that wait for nothing more, of those that need one of these; NULL: of all.
create function faultline._ready(r faultline.runs, ended text[])
returns setof text
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_sort = off
set jit = off
as $$
declare
  candidates text[];
begin
  if ended is null then
    candidates := array(select t.name from faultline.tasks t where t.run_id = r.run_id and t.item = -1 and t.state = 'waiting');
  else
    candidates := array(
      select distinct f.name
      from unnest(ended) as e (name)
      cross join lateral (
        select w.needed_by from faultline.workflow_tasks w where w.workflow = r.workflow and w.version = r.version and w.task = e.name offset 0
      ) w
      cross join lateral unnest(w.needed_by) as f (name));
  end if;
  return query
  select c.name
  from unnest(candidates) as c (name)
  cross join lateral (
    select t.state from faultline.tasks t where t.run_id = r.run_id and t.name = c.name and t.item = -1 offset 0
  ) t
  where t.state = 'waiting'
    -- The last of its needs that is unfinished, if any: the ordinals rise along the edges.
    and (
      select e.needs
      from faultline.task_dependencies e
      cross join lateral (
        select p.state from faultline.tasks p where p.run_id = r.run_id and p.name = e.needs and p.item = -1 offset 0
      ) p
      where e.workflow = r.workflow and e.version = r.version and e.task = c.name and p.state in ('waiting', 'queued', 'running')
      order by e.ordinal desc
      limit 1) is null;
end
$$;
comment on function faultline._ready(faultline.runs, text[]) is 'Private: the tasks of a run that wait for nothing more.';
