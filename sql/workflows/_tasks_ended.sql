-- Tasks of one run, or items of them, have ended alike: writes that, and does all that follows in all of its family. Nothing,
-- if the run has ended. The root is locked.
create function faultline._tasks_ended(run_id bigint, names text[], items int[], state text, results jsonb[], error jsonb)
returns void
language plpgsql
as $$
#variable_conflict use_variable
declare
  r faultline.runs;
  turns bigint[];
begin
  select * into r from faultline.runs x where x.run_id = _tasks_ended.run_id;
  if r.state = 'running' then
    turns := faultline._end_tasks(r, names, items, state, results, error);
    if pg_catalog.cardinality(turns) > 0 then
      perform faultline._follow(turns);
    end if;
  end if;
end
$$;
comment on function faultline._tasks_ended(bigint, text[], int[], text, jsonb[], jsonb) is 'Private: tasks of a run have ended alike; does all that follows.';
