-- A run has ended that is a task of another: ends that task, and does what follows in that run. Its result is that of the
-- tasks that nothing needs; its error says which task failed first, in the run where that was, and why. Returns the runs whose turn it is then.
create function faultline._child_ended(r faultline.runs)
returns bigint[]
language plpgsql
as $$
declare
  parent faultline.runs;
  failed record;
  cause jsonb;
  part record;
  names text[] := '{}'::text[];
  gathered jsonb[] := '{}'::jsonb[];
  bytes bigint := 0;
  results jsonb;
  error jsonb;
begin
  select * into parent from faultline.runs x where x.run_id = r.parent_run_id;
  if r.state = 'succeeded' then
    for part in
      select t.name, coalesce(t.result, 'null') as result
      from (
        select t.name, t.result from faultline.tasks t where t.run_id = r.run_id and t.item = -1 and t.state = 'succeeded' offset 0
      ) t
      cross join lateral (
        select w.needed_by from faultline.workflow_tasks w where w.workflow = r.workflow and w.version = r.version and w.task = t.name offset 0
      ) w
      where w.needed_by = '{}'
    loop
      names := names || part.name;
      gathered := gathered || part.result;
      bytes := bytes + pg_catalog.octet_length(part.result::text) + pg_catalog.length(part.name) + 6;
      if bytes > 16777216 then
        error := pg_catalog.jsonb_build_object('type', 'ResultError', 'message', pg_catalog.format(
          'the results of the last tasks of run %s have more than 16777216 bytes as text (16 MiB). Store the data elsewhere and return references', r.run_id));
        exit;
      end if;
    end loop;
    if error is null then
      results := coalesce((select pg_catalog.jsonb_object_agg(u.name, u.result) from unnest(names, gathered) as u (name, result)), '{}');
    end if;
  else
    select t.name, t.state, w.definition, case when w.definition ? 'for_each' then coalesce(t.error -> 'first', t.error) else t.error end as error into failed
    from faultline.tasks t
    join faultline.workflow_tasks w on w.workflow = r.workflow and w.version = r.version and w.task = t.name
    where t.run_id = r.run_id and t.item = -1 and t.state in ('failed', 'cancelled')
    order by t.ordinal, t.item
    limit 1;
    -- The one that failed of itself may lie ten runs down. What a handler has said of itself is never taken for this.
    if failed.definition ->> 'kind' = 'workflow' and failed.error ->> 'type' = 'RunFailed' then
      cause := failed.error -> 'cause';
    else
      cause := pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
        'run_id', r.run_id, 'task', failed.name, 'type', pg_catalog.left(failed.error ->> 'type', 100), 'message', pg_catalog.left(failed.error ->> 'message', 300)));
    end if;
    error := pg_catalog.jsonb_build_object(
      'type', 'RunFailed',
      'message', pg_catalog.concat_ws(': ',
        pg_catalog.format('task %s of run %s %s', cause ->> 'task', cause ->> 'run_id', case failed.state when 'failed' then 'failed' else 'was cancelled' end),
        cause ->> 'type', cause ->> 'message'),
      'cause', cause);
  end if;
  return faultline._end_tasks(parent, array[r.parent_task], array[r.parent_item], case when error is null then 'succeeded' else 'failed' end, array[results], error);
end
$$;
comment on function faultline._child_ended(faultline.runs) is 'Private: ends the task that a run was.';
