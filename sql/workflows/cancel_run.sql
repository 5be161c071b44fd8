-- Cancels a run that is running, its children too, at once: what waits never starts, queued jobs are cancelled, and what a
-- running handler reports from now on is stale; its next heartbeat tells it to stop. Returns 'cancelled', repeated too.
-- For faultline_operator. Against the last completion it wins or loses as a whole.
-- Locks the run, then its jobs. Errors: FL003 the run has ended otherwise, or is the task of another; FL005 no such run.
create function faultline.cancel_run(run_id bigint)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
#variable_conflict use_variable
declare
  r faultline.runs;
  family bigint[];
begin
  r := faultline._root_run(run_id, 'cancelled');
  if r.state = 'cancelled' then
    return 'cancelled';
  elsif r.state <> 'running' then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('run %s has %s and can not be cancelled', run_id, r.state), hint = 'Only a run that is running can be cancelled.';
  end if;
  with ended as (
    update faultline.runs x
    set state = 'cancelled', finished_at = pg_catalog.clock_timestamp()
    where x.root_run_id = r.run_id and x.state = 'running'
    returning x.run_id
  )
  select pg_catalog.array_agg(e.run_id) into family from ended e;
  update faultline.tasks t
  set state = 'cancelled', finished_at = pg_catalog.clock_timestamp(), due_at = null
  where t.run_id = any (family) and t.finished_at is null;
  perform faultline._finish_jobs(family, 'cancelled');
  perform faultline._record(null, null, 'cancel_run', null, pg_catalog.jsonb_build_object('run_id', run_id, 'workflow', r.workflow));
  return 'cancelled';
end
$$;
comment on function faultline.cancel_run(bigint) is 'Cancels a run and its children at once.';
grant execute on function faultline.cancel_run(bigint) to faultline_operator;
