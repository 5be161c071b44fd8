-- Starts a task that was decided to run and is more than one job: makes its items, its child run, or its timer. Returns
-- whether the task is over already (nothing to do, or it can't be done), and the runs that have begun. The root is locked.
create function faultline._start_task(r faultline.runs, name text, definition jsonb, out over boolean, out turns bigint[])
language plpgsql
as $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  elements jsonb;
  problem text;
  signal faultline.run_signals;
  child bigint;
begin
  over := false;
  turns := '{}';
  if definition ? 'for_each' then
    elements := faultline._refer(r, definition, definition ->> 'for_each');
    problem := case
      when elements is null then pg_catalog.format('for_each: there is no %s', definition ->> 'for_each')
      when pg_catalog.jsonb_typeof(elements) <> 'array' then
        pg_catalog.format('for_each: %s is no list but of type %s', definition ->> 'for_each', pg_catalog.jsonb_typeof(elements))
      when pg_catalog.jsonb_array_length(elements) > 10000 then
        pg_catalog.format('for_each: %s has %s elements, more than 10000', definition ->> 'for_each', pg_catalog.jsonb_array_length(elements))
    end;
    if problem is not null then
      perform faultline._end_task(r.run_id, name, -1, 'failed', null, pg_catalog.jsonb_build_object('type', 'ForEachError', 'message', problem));
      over := true;
      return;
    end if;
    update faultline.tasks t set state = 'running' where t.run_id = r.run_id and t.name = _start_task.name and t.item = -1;
    insert into faultline.tasks (run_id, name, item, ordinal, value)
    select t.run_id, t.name, e.ordinality - 1, t.ordinal, e.value
    from pg_catalog.jsonb_array_elements(elements) with ordinality e
    cross join faultline.tasks t
    where t.run_id = r.run_id and t.name = _start_task.name and t.item = -1
    on conflict on constraint tasks_pkey do nothing;
    select c.over, c.turns into over, turns from faultline._close_items(r, name, null, null) c;
    return;
  end if;

  case definition ->> 'kind'
    when 'workflow' then
      child := faultline._start_child(r, name, -1, definition, null);
      over := child is null;
      turns := pg_catalog.array_remove(array[child], null);
    when 'wait' then
      update faultline.tasks t
      set state = 'running', due_at = now_ + (definition ->> 'wait')::interval
      where t.run_id = r.run_id and t.name = _start_task.name and t.item = -1;
    when 'signal' then
      select * into signal from faultline.run_signals s where s.run_id = r.run_id and s.name = definition ->> 'signal';
      if found then
        perform faultline._end_task(r.run_id, name, -1, 'succeeded', signal.payload, null);
        over := true;
        return;
      end if;
      update faultline.tasks t
      set state = 'running', due_at = now_ + (definition ->> 'timeout')::interval
      where t.run_id = r.run_id and t.name = _start_task.name and t.item = -1;
  end case;
end
$$;
comment on function faultline._start_task(faultline.runs, text, jsonb) is 'Private: starts a task that is more than one job.';
