-- The tasks of a cycle, the first one again at the end, among those that could not be placed.
create function faultline._find_cycle(workflow text, version int, placed int[])
returns text[]
language plpgsql
as $$
#variable_conflict use_variable
declare
  path text[] := '{}'::text[];
  step text;
begin
  select w.task into step
  from faultline.workflow_tasks w
  where w.workflow = _find_cycle.workflow and w.version = _find_cycle.version and w.ordinal <> all (placed)
  order by w.ordinal
  limit 1;
  -- Each of them needs another of them: whoever follows that comes to a task for the second time.
  while step <> all (path) loop
    path := path || step;
    select d.needs into step
    from faultline.task_dependencies d
    join faultline.workflow_tasks w on w.workflow = d.workflow and w.version = d.version and w.task = d.needs
    where d.workflow = _find_cycle.workflow and d.version = _find_cycle.version and d.task = step and w.ordinal <> all (placed)
    order by d.needs
    limit 1;
  end loop;
  return path[pg_catalog.array_position(path, step):] || step;
end
$$;
comment on function faultline._find_cycle(text, int, int[]) is 'Private: the tasks of a cycle of a workflow.';
