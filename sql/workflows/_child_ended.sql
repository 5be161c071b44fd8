-- A run has ended that is a task of another: ends that task, and does what follows in that run. Its result is that of the
-- tasks that nothing needs. Returns the runs whose turn it is then.
create function faultline._child_ended(r faultline.runs)
returns bigint[]
language plpgsql
as $$
declare
  parent faultline.runs;
  failed record;
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
        select t.name, t.result, t.ordinal from faultline.tasks t where t.run_id = r.run_id and t.item = -1 and t.state = 'succeeded' offset 0
      ) t
      cross join lateral (
        select w.needed_by from faultline.workflow_tasks w where w.workflow = r.workflow and w.version = r.version and w.task = t.name offset 0
      ) w
      where w.needed_by = '{}'
      order by t.ordinal
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
    select t.name, t.state into failed
    from faultline.tasks t
    where t.run_id = r.run_id and t.item = -1 and t.state in ('failed', 'cancelled')
    order by t.ordinal
    limit 1;
    error := pg_catalog.jsonb_build_object('type', 'RunFailed', 'message', pg_catalog.format('task %s of run %s %s', failed.name, r.run_id,
      case failed.state when 'failed' then 'failed' else 'was cancelled' end));
  end if;
  return faultline._end_tasks(parent, array[r.parent_task], array[r.parent_item], case when error is null then 'succeeded' else 'failed' end, array[results], error);
end
$$;
comment on function faultline._child_ended(faultline.runs) is 'Private: ends the task that a run was.';
