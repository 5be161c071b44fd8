-- Writes that tasks of one run, or items of them, have ended alike, and does what follows in that run. Returns the runs whose
-- turn it is then (_follow). The root is locked.
create function faultline._end_tasks(r faultline.runs, names text[], items int[], state text, results jsonb[], error jsonb)
returns bigint[]
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
  ended text[];
  turns bigint[] := '{}'::bigint[];
  part record;
  closed record;
begin
  update faultline.tasks t
  set state = _end_tasks.state, result = u.result, error = _end_tasks.error, finished_at = pg_catalog.clock_timestamp(), due_at = null
  from (
    select p.place, u.result
    from unnest(names, items, results) as u (name, item, result)
    cross join lateral (
      select p.ctid as place
      from faultline.tasks p
      where p.run_id = r.run_id and p.name = u.name and p.item = u.item and p.state in ('waiting', 'queued', 'running')
      offset 0
    ) p
    offset 0
  ) u
  where t.ctid = u.place;
  ended := array(select u.name from unnest(names, items) as u (name, item) where u.item = -1);
  if pg_catalog.cardinality(ended) < pg_catalog.cardinality(names) then
    for part in
      select u.name, count(*)::int as items, max(u.item) as last
      from unnest(names, items) as u (name, item)
      where u.item >= 0
      group by u.name
      order by u.name
    loop
      select * into closed from faultline._close_items(r, part.name, part.items, part.last);
      turns := turns || closed.turns;
      if closed.over then
        ended := ended || part.name;
      end if;
    end loop;
  end if;
  if pg_catalog.cardinality(ended) > 0 then
    turns := turns || faultline._advance(r, ended);
  end if;
  return turns;
end
$$;
comment on function faultline._end_tasks(faultline.runs, text[], int[], text, jsonb[], jsonb) is 'Private: writes that tasks of a run have ended alike, and what follows in it.';
