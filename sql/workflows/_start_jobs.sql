-- Makes the jobs of tasks, or of items of them, in one statement, and rings the bells of their queues once.
create function faultline._start_jobs(r faultline.runs, names text[], items int[])
returns void
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  queues_ text[];
begin
  with started as (
    update faultline.tasks t
    set state = 'queued', job_id = pg_catalog.nextval('faultline.jobs_live_job_id_seq')
    from (
      select p.place
      from unnest(names, items) as u (name, item)
      cross join lateral (
        select p.ctid as place from faultline.tasks p where p.run_id = r.run_id and p.name = u.name and p.item = u.item offset 0
      ) p
      offset 0
    ) u
    where t.ctid = u.place
    returning t.job_id, t.name, t.item
  ), defined as (
    select s.job_id, faultline._task_name(s.name, s.item) as task, w.definition, w.payload, faultline._stands_apart(w.payload) as apart
    from started s
    cross join lateral (
      select w.definition, w.definition -> 'payload' as payload
      from faultline.workflow_tasks w
      where w.workflow = r.workflow and w.version = r.version and w.task = s.name
      offset 0
    ) w
  ), apart as (
    insert into faultline.payloads (job_id, payload) select d.job_id, d.payload from defined d where d.apart
  ), made as (
    insert into faultline.jobs_live (
      job_id, ready_at, created_at, max_attempts, priority, type, queue, payload, headers, backoff, timeout, run_id, task)
    select d.job_id, now_, now_,
      coalesce((d.definition ->> 'max_attempts')::int,
               (select q.max_attempts from faultline.queues q where q.queue = coalesce(d.definition ->> 'queue', 'default')),
               (select x.max_attempts from faultline.settings x)),
      coalesce((d.definition ->> 'priority')::int, 2), d.definition ->> 'type', coalesce(d.definition ->> 'queue', 'default'),
      case when not d.apart then d.payload end, r.headers, d.definition -> 'backoff',
      (d.definition ->> 'timeout')::interval, r.run_id, d.task
    from defined d
    returning queue
  )
  select pg_catalog.array_agg(distinct m.queue) into queues_ from made m;
  perform faultline._ring(q.queue) from unnest(queues_) as q (queue);
end
$$;
comment on function faultline._start_jobs(faultline.runs, text[], int[]) is 'Private: makes the jobs of tasks or of items of them.';
