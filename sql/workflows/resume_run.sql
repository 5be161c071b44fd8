-- Runs again what failed in a run, or was cancelled, and what was skipped because of that; keeps what succeeded. The run
-- keeps its version. Dead letters of its tasks are discarded: each task gets a new job, with all its attempts. Returns
-- 'running', also if it is running already. For faultline_operator.
-- Locks the run, then its dead letters. Errors: FL003 the run has succeeded, or is the task of another; FL005 no such run.
create function faultline.resume_run(run_id bigint)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_variable
declare
  r faultline.runs;
begin
  r := faultline._root_run(run_id, 'resumed');
  if r.state = 'running' then
    return 'running';
  elsif r.state = 'succeeded' then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('run %s has succeeded and can not be resumed', run_id), hint = 'trigger_workflow begins another run.';
  end if;
  perform faultline._resume(r.run_id);
  perform faultline._record(null, null, 'resume_run', null, pg_catalog.jsonb_build_object('run_id', run_id, 'workflow', r.workflow));
  return 'running';
end
$$;
comment on function faultline.resume_run(bigint) is 'Runs again what failed in a run and what depended on it; keeps what succeeded.';
grant execute on function faultline.resume_run(bigint) to faultline_operator;
