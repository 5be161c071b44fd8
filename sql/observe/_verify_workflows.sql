-- Promise 10, as far as rows can show it. A promise of liveness is broken only when it is overdue by more than a minute.
create function faultline._verify_workflows()
returns table (promise int, check_name text, subject text, detail text)
language plpgsql stable
set enable_nestloop = off
set jit = off
as $$
declare
  overdue constant timestamptz := case pg_catalog.current_setting('transaction_isolation')
    when 'read committed' then pg_catalog.clock_timestamp() else pg_catalog.transaction_timestamp() end - interval '1 minute';
begin
  return query
  select 10, 'task_too_early', pg_catalog.format('task %s of run %s', t.name, t.run_id), pg_catalog.format('it is %s, but %s, which it needs, is %s', t.state, n.name, n.state)
  from faultline.tasks t
  join faultline.runs r on r.run_id = t.run_id
  join faultline.task_dependencies d on d.workflow = r.workflow and d.version = r.version and d.task = t.name
  join faultline.tasks n on n.run_id = t.run_id and n.name = d.needs and n.item = -1
  join (
    -- Once a task, not once an edge: the definition of one that needs ten thousand has 200 KB.
    select w.workflow, w.version, w.task, w.definition ->> 'when' as on_what from faultline.workflow_tasks w offset 0
  ) w on w.workflow = r.workflow and w.version = r.version and w.task = t.name
  where t.item = -1 and t.state in ('queued', 'running', 'succeeded', 'failed')
    -- What succeeded after a failure (when) stays, and is of an older generation, while a resumed run tries that again.
    and (n.finished_at is null and t.generation >= n.generation or w.on_what = 'success' and n.state <> 'succeeded');

  return query
  select 10, 'task_stranded', pg_catalog.format('task %s of run %s', t.name, t.run_id), 'all that it needs is over, and it waits'
  from faultline.tasks t
  join faultline.runs r on r.run_id = t.run_id and r.state = 'running'
  where t.item = -1 and t.state = 'waiting'
    and not exists (
      select
      from faultline.task_dependencies d
      join faultline.tasks n on n.run_id = t.run_id and n.name = d.needs and n.item = -1
      where d.workflow = r.workflow and d.version = r.version and d.task = t.name and n.finished_at is null);

  return query
  select 10, 'task_without_job', pg_catalog.format('task %s of run %s', faultline._task_name(t.name, t.item), t.run_id), pg_catalog.format('it is queued, but its job %s is not live', t.job_id)
  from faultline.tasks t
  where t.state = 'queued'
    and not exists (select from faultline.jobs_live j where j.job_id = t.job_id and j.run_id = t.run_id and j.finished_at is null);

  return query
  select 10, 'items_forgotten', pg_catalog.format('task %s of run %s', t.name, t.run_id), 'it is running, but none of its elements is'
  from faultline.tasks t
  join faultline.runs r on r.run_id = t.run_id
  join faultline.workflow_tasks w on w.workflow = r.workflow and w.version = r.version and w.task = t.name
  where t.item = -1 and t.state = 'running' and w.definition ? 'for_each'
    and not exists (select from faultline.tasks i where i.run_id = t.run_id and i.name = t.name and i.item >= 0 and i.state in ('queued', 'running'));

  return query
  select 10, 'signal_forgotten', pg_catalog.format('task %s of run %s', t.name, t.run_id), pg_catalog.format('it waits for signal %s, which the run was given', s.name)
  from faultline.run_signals s
  join faultline.runs r on r.run_id = s.run_id
  join faultline.tasks t on t.run_id = s.run_id
  join faultline.workflow_tasks w on w.workflow = r.workflow and w.version = r.version and w.task = t.name
  where t.item = -1 and t.state = 'running' and w.definition ->> 'signal' = s.name;

  return query
  select 10, 'task_overslept', pg_catalog.format('task %s of run %s', t.name, t.run_id), pg_catalog.format('it was due at %s and nobody woke it', t.due_at)
  from faultline.tasks t
  where t.due_at < overdue;

  return query
  select 10, 'run_without_tasks', 'run ' || r.run_id, 'it is running, and none of its tasks is'
  from faultline.runs r
  where r.state = 'running' and not exists (select from faultline.tasks t where t.run_id = r.run_id and t.finished_at is null);

  return query
  select 10, 'live_task_of_finished_run', pg_catalog.format('task %s of run %s', faultline._task_name(t.name, t.item), t.run_id), pg_catalog.format('it is %s, but the run has %s', t.state, r.state)
  from faultline.tasks t
  join faultline.runs r on r.run_id = t.run_id
  where t.finished_at is null and r.state <> 'running';

  return query
  select 10, 'live_job_of_finished_run', 'job ' || j.job_id, pg_catalog.format('it is %s, as task %s of run %s, which has %s', j.state, j.task, j.run_id, coalesce(r.state, 'gone'))
  from faultline.jobs_live j
  left join faultline.runs r on r.run_id = j.run_id
  where j.run_id is not null and j.finished_at is null and r.state is distinct from 'running';

  return query
  select 10, 'child_forgotten', pg_catalog.format('task %s of run %s', faultline._task_name(t.name, t.item), t.run_id), pg_catalog.format('its run %s has %s, and the task is %s', t.child_run_id, r.state, t.state)
  from faultline.tasks t
  join faultline.runs r on r.run_id = t.child_run_id
  -- One that failed may wait for its turn to go on.
  where t.state = 'running' and r.state <> 'running';
end
$$;
comment on function faultline._verify_workflows() is 'Private: violations of promise 10.';
