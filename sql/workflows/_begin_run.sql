-- Makes the tasks of a new run, and starts what needs nothing.
create function faultline._begin_run(run_id bigint)
returns void
language plpgsql
as $$
#variable_conflict use_variable
begin
  insert into faultline.tasks (run_id, name, ordinal)
  select r.run_id, w.task, w.ordinal
  from faultline.runs r
  join faultline.workflow_tasks w on w.workflow = r.workflow and w.version = r.version
  where r.run_id = _begin_run.run_id;
  perform faultline._advance(run_id, null);
end
$$;
comment on function faultline._begin_run(bigint) is 'Private: makes the tasks of a new run, and starts what needs nothing.';
