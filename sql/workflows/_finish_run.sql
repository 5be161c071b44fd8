-- Finishes a run that has nothing left to do: failed if a task failed or was cancelled, else succeeded. The run of a task of
-- another ends that task, and what follows there follows. The result is that of the tasks that nothing needs.
create function faultline._finish_run(r faultline.runs)
returns void
language plpgsql
as $$
declare
  failed record;
  results jsonb;
begin
  perform from faultline.tasks t where t.run_id = r.run_id and t.state in ('waiting', 'queued', 'running') order by t.ordinal desc, t.item desc limit 1;
  if found then
    return;
  end if;
  select t.name, t.state into failed
  from faultline.tasks t
  where t.run_id = r.run_id and t.item = -1 and t.state in ('failed', 'cancelled')
  order by t.ordinal
  limit 1;
  update faultline.runs x
  set state = case when failed.name is null then 'succeeded' else 'failed' end, finished_at = pg_catalog.clock_timestamp()
  where x.run_id = r.run_id and x.state = 'running';
  if not found or r.parent_run_id is null then
    return;
  end if;
  if failed.name is null then
    select pg_catalog.jsonb_object_agg(t.name, coalesce(t.result, 'null')) into results
    from faultline.tasks t
    where t.run_id = r.run_id and t.item = -1 and t.state = 'succeeded'
      and not exists (select from faultline.task_dependencies d where d.workflow = r.workflow and d.version = r.version and d.needs = t.name);
    if pg_catalog.octet_length(results::text) > 16777216 then
      perform faultline._tasks_ended(r.parent_run_id, array[r.parent_task], array[r.parent_item], 'failed', array[null]::jsonb[],
        pg_catalog.jsonb_build_object('type', 'ResultError', 'message', pg_catalog.format('the results of run %s have more than 16777216 bytes (16 MiB)', r.run_id)));
      return;
    end if;
    perform faultline._tasks_ended(r.parent_run_id, array[r.parent_task], array[r.parent_item], 'succeeded', array[coalesce(results, '{}')], null);
  else
    perform faultline._tasks_ended(r.parent_run_id, array[r.parent_task], array[r.parent_item], 'failed', array[null]::jsonb[],
      pg_catalog.jsonb_build_object('type', 'RunFailed', 'message', pg_catalog.format('task %s of run %s %s', failed.name, r.run_id,
        case failed.state when 'failed' then 'failed' else 'was cancelled' end)));
  end if;
end
$$;
comment on function faultline._finish_run(faultline.runs) is 'Private: finishes a run that has nothing left to do.';
