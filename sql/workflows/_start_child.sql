-- Starts a run of another workflow as a task, or as an item of it; or goes on with the run that it has (after a resume).
-- Its input is the element (an object, or {"item": it}), what input says, or the parent's input. Returns the run, whose turn
-- it is now (_follow); NULL: the task has failed.
create function faultline._start_child(r faultline.runs, name text, item int, definition jsonb, element jsonb)
returns bigint
language plpgsql
as $$
#variable_conflict use_variable
declare
  version_ int;
  place_ int;
  child bigint := (select t.child_run_id from faultline.tasks t where t.run_id = r.run_id and t.name = _start_child.name and t.item = _start_child.item);
  given jsonb := r.input;
  problem text;
begin
  if child is not null then
    update faultline.tasks t set state = 'running' where t.run_id = r.run_id and t.name = _start_child.name and t.item = _start_child.item;
    perform faultline._reopen(child);
    return child;
  end if;
  if item >= 0 then
    given := element;
  elsif pg_catalog.jsonb_typeof(definition -> 'input') = 'object' then
    given := definition -> 'input';
  elsif definition ? 'input' then
    given := coalesce(faultline._refer(r, definition, definition ->> 'input'), 'null');
  end if;
  if pg_catalog.jsonb_typeof(given) <> 'object' then
    given := pg_catalog.jsonb_build_object('item', given);
  end if;
  select x.place + 1 into place_ from faultline.runs x where x.root_run_id = r.root_run_id order by x.place desc limit 1;
  select max(w.version) into version_ from faultline.workflows w where w.workflow = definition ->> 'workflow';
  problem := case
    when version_ is null then pg_catalog.format('there is no workflow %s', definition ->> 'workflow')
    when r.depth >= 10 then 'workflows in workflows are more than 10 deep'
    when place_ > 20000 then pg_catalog.format('20000 runs have begun in run %s already', r.root_run_id)
    when pg_catalog.octet_length(given::text) > 262144 then pg_catalog.format('the input of %s has %s bytes, more than 262144', definition ->> 'workflow', pg_catalog.octet_length(given::text))
  end;
  if problem is not null then
    perform faultline._end_task(r.run_id, name, item, 'failed', null, pg_catalog.jsonb_build_object('type', 'WorkflowError', 'message', problem));
    return null;
  end if;
  child := pg_catalog.nextval('faultline.runs_run_id_seq');
  update faultline.tasks t
  set state = 'running', child_run_id = child
  where t.run_id = r.run_id and t.name = _start_child.name and t.item = _start_child.item;
  insert into faultline.runs (
    run_id, root_run_id, parent_run_id, parent_task, parent_item, depth, place, workflow, version, input, headers, created_at)
  values (child, r.root_run_id, r.run_id, name, item, r.depth + 1, place_, definition ->> 'workflow', version_, given,
          r.headers, pg_catalog.clock_timestamp());
  return child;
end
$$;
comment on function faultline._start_child(faultline.runs, text, int, jsonb, jsonb) is 'Private: starts a run as a task of another.';
