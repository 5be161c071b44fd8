-- Starts as many waiting items of a for_each as its concurrency leaves room for, the first ones first.
create function faultline._start_items(r faultline.runs, name text, definition jsonb)
returns void
language plpgsql
as $$
#variable_conflict use_variable
declare
  room int := coalesce((definition ->> 'concurrency')::int, 10000);
  items int[];
  one record;
begin
  if definition ? 'concurrency' then
    room := room - (
      select count(*)
      from faultline.tasks t
      where t.run_id = r.run_id and t.name = _start_items.name and t.item >= 0 and t.state in ('queued', 'running'));
  end if;
  items := array(
    select t.item
    from faultline.tasks t
    where t.run_id = r.run_id and t.name = _start_items.name and t.item >= 0 and t.state = 'waiting'
    order by t.item
    limit greatest(room, 0));
  if pg_catalog.cardinality(items) = 0 then
    return;
  end if;
  if definition ->> 'kind' = 'job' then
    perform faultline._start_jobs(r, name, definition, items);
    return;
  end if;
  for one in
    select t.item, t.value
    from faultline.tasks t
    where t.run_id = r.run_id and t.name = _start_items.name and t.item = any (items)
    order by t.item
  loop
    perform faultline._start_child(r, name, one.item, definition, one.value);
  end loop;
end
$$;
comment on function faultline._start_items(faultline.runs, text, jsonb) is 'Private: starts as many items of a for_each as there is room for.';
