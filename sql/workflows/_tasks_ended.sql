-- Tasks of one run, or items of them, have ended alike: writes that, and does all that follows. The root is locked.
create function faultline._tasks_ended(run_id bigint, names text[], items int[], state text, results jsonb[], error jsonb)
returns void
language plpgsql
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
#variable_conflict use_variable
declare
  r faultline.runs;
  ended text[];
  part record;
begin
  select * into r from faultline.runs x where x.run_id = _tasks_ended.run_id;
  if r.state <> 'running' then
    return;
  end if;
  update faultline.tasks t
  set state = _tasks_ended.state, result = u.result, error = _tasks_ended.error, finished_at = pg_catalog.clock_timestamp(), due_at = null
  from unnest(names, items, results) as u (name, item, result)
  where t.run_id = r.run_id and t.name = u.name and t.item = u.item and t.finished_at is null;
  ended := array(select u.name from unnest(names, items) as u (name, item) where u.item = -1);
  for part in
    select distinct u.name, w.definition
    from unnest(names, items) as u (name, item)
    join faultline.workflow_tasks w on w.workflow = r.workflow and w.version = r.version and w.task = u.name
    where u.item >= 0
    order by u.name
  loop
    if faultline._close_items(r, part.name, part.definition) then
      ended := ended || part.name;
    end if;
  end loop;
  if pg_catalog.cardinality(ended) > 0 then
    perform faultline._advance(run_id, ended);
  end if;
end
$$;
comment on function faultline._tasks_ended(bigint, text[], int[], text, jsonb[], jsonb) is 'Private: tasks of a run have ended alike; does all that follows.';
