-- Starts at most so many waiting items of a for_each, the first ones behind this item first. Returns the runs that have begun.
create function faultline._start_items(r faultline.runs, name text, definition jsonb, most int, behind int)
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
  items int[];
  item int;
  room int := most;
  turns bigint[] := '{}'::bigint[];
  child bigint;
begin
  loop
    items := array(
      select t.item
      from faultline.tasks t
      where t.run_id = r.run_id and t.name = _start_items.name and t.item > behind and t.state = 'waiting'
      order by t.item
      limit greatest(room, 0));
    exit when pg_catalog.cardinality(items) = 0;
    if definition ->> 'kind' = 'job' then
      perform faultline._start_jobs(r, pg_catalog.array_fill(name, array[pg_catalog.cardinality(items)]), items);
      exit;
    end if;
    foreach item in array items loop
      child := faultline._start_child(
        r, name, item, definition, (select t.value from faultline.tasks t where t.run_id = r.run_id and t.name = _start_items.name and t.item = item));
      if child is not null then
        turns := turns || child;
        room := room - 1;
      end if;
    end loop;
    behind := item;
  end loop;
  return turns;
end
$$;
comment on function faultline._start_items(faultline.runs, text, jsonb, int, int) is 'Private: starts items of a for_each that wait.';
