-- Locks a run that somebody wants to change as a whole, and returns it. Raises FL005, and FL003 for the run of a task of
-- another: its root is what can be changed.
create function faultline._root_run(run_id bigint, verb text)
returns faultline.runs
language plpgsql
as $$
#variable_conflict use_variable
declare
  r faultline.runs;
begin
  perform faultline._lock_runs(array[run_id]);
  select * into r from faultline.runs x where x.run_id = _root_run.run_id;
  if not found then
    perform faultline._no_run(run_id);
  end if;
  if r.parent_run_id is not null then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('run %s is task %s of run %s and can not be %s alone', run_id, r.parent_task, r.parent_run_id, verb),
      hint = pg_catalog.format('Run %s is the root.', r.root_run_id);
  end if;
  return r;
end
$$;
comment on function faultline._root_run(bigint, text) is 'Private: locks a root run; raises FL003, FL005.';
