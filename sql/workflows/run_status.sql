-- One run as an object: run_id, workflow, version, state, input, created_at, finished_at, parent_run_id, parent_task, and
-- tasks in the order in which they can run, each {name, state, job_id, attempt, result, error, …}; a for_each stands once
-- under its own name, with the number of its items by state, and behind it its first 1000 items as name[i]. NULL if there
-- is no such run. A task whose job is claimed is running. For faultline_producer and faultline_observer. Locks no row.
create function faultline.run_status(run_id bigint)
returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
#variable_conflict use_variable
begin
  return (
    select pg_catalog.jsonb_build_object(
      'run_id', r.run_id, 'workflow', r.workflow, 'version', r.version, 'state', r.state, 'input', r.input,
      'idempotency_key', r.idempotency_key, 'created_at', r.created_at, 'finished_at', r.finished_at,
      'parent_run_id', r.parent_run_id, 'parent_task', faultline._task_name(r.parent_task, r.parent_item),
      'tasks', (
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'name', faultline._task_name(t.name, t.item),
            'state', case when j.state = 'running' then 'running' else t.state end,
            'job_id', t.job_id,
            'attempt', coalesce(j.attempt, (select d.attempt from faultline.jobs_done d where d.job_id = t.job_id)),
            'generation', t.generation, 'result', t.result, 'error', coalesce(t.error, j.error), 'run_id', t.child_run_id,
            'due_at', t.due_at, 'finished_at', t.finished_at,
            'items', case when t.item = -1 and w.definition ? 'for_each' then (
              select pg_catalog.jsonb_object_agg(i.state, i.n)
              from (
                select i.state, count(*) as n
                from faultline.tasks i
                where i.run_id = t.run_id and i.name = t.name and i.item >= 0
                group by i.state
              ) i) end)
          order by t.ordinal, t.item)
        from faultline.tasks t
        join faultline.workflow_tasks w on w.workflow = r.workflow and w.version = r.version and w.task = t.name
        left join faultline.jobs_live j on j.job_id = t.job_id
        where t.run_id = r.run_id and t.item < 1000))
    from faultline.runs r
    where r.run_id = run_status.run_id);
end
$$;
comment on function faultline.run_status(bigint) is 'One run as an object, with its tasks, or NULL.';
grant execute on function faultline.run_status(bigint) to faultline_producer, faultline_observer;
