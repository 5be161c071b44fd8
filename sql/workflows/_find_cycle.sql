-- The tasks of a cycle, the first one again at the end, among those that could not be placed: those that wait still.
create function faultline._find_cycle(names text[], definitions jsonb[], waits int[])
returns text[]
language plpgsql
as $$
declare
  path text[] := '{}'::text[];
  step text := (select names[w.place] from unnest(waits) with ordinality as w (waits, place) where w.waits > 0 order by w.place limit 1);
begin
  -- Each of them needs another of them: whoever follows that comes to a task for the second time.
  while step <> all (path) loop
    path := path || step;
    step := (
      select n.name
      from pg_catalog.jsonb_array_elements_text(definitions[pg_catalog.array_position(names, step)] -> 'needs') as n (name)
      where waits[pg_catalog.array_position(names, n.name)] > 0
      order by n.name
      limit 1);
  end loop;
  return path[pg_catalog.array_position(path, step):] || step;
end
$$;
comment on function faultline._find_cycle(text[], jsonb[], int[]) is 'Private: the tasks of a cycle of a workflow.';
