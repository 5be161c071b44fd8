-- Makes the jobs of a task, or of items of it, in one statement, and rings the bell of their queue once.
create function faultline._start_jobs(r faultline.runs, name text, definition jsonb, items int[])
returns void
language plpgsql
as $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  queue_ constant text := coalesce(definition ->> 'queue', 'default');
  attempts constant int := coalesce((definition ->> 'max_attempts')::int, (select q.max_attempts from faultline.queues q where q.queue = queue_),
                                    (select s.max_attempts from faultline.settings s));
begin
  with started as (
    update faultline.tasks t
    set state = 'queued', job_id = pg_catalog.nextval('faultline.jobs_live_job_id_seq')
    where t.run_id = r.run_id and t.name = _start_jobs.name and t.item = any (items)
    returning t.job_id, t.item
  )
  insert into faultline.jobs_live (
    job_id, ready_at, created_at, max_attempts, priority, type, queue, payload, backoff, timeout, run_id, task)
  select s.job_id, now_, now_, attempts, coalesce((definition ->> 'priority')::int, 2), definition ->> 'type', queue_,
    definition -> 'payload', definition -> 'backoff', (definition ->> 'timeout')::interval, r.run_id,
    faultline._task_name(_start_jobs.name, s.item)
  from started s;
  perform faultline._ring(queue_);
end
$$;
comment on function faultline._start_jobs(faultline.runs, text, jsonb, int[]) is 'Private: makes the jobs of a task or of items of it.';
