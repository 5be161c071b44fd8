-- Writes how a task, or an item of it, ended. What follows from that is _advance's.
create function faultline._end_task(run_id bigint, name text, item int, state text, result jsonb, error jsonb)
returns void
language plpgsql
as $$
#variable_conflict use_variable
begin
  update faultline.tasks t
  set state = _end_task.state, result = _end_task.result, error = _end_task.error, finished_at = pg_catalog.clock_timestamp(), due_at = null
  where t.run_id = _end_task.run_id and t.name = _end_task.name and t.item = _end_task.item and t.state in ('waiting', 'queued', 'running');
end
$$;
comment on function faultline._end_task(bigint, text, int, text, jsonb, jsonb) is 'Private: writes how a task ended.';
