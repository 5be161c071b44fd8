-- The job of a task has ended for good, otherwise than in success. The root is locked.
create function faultline._task_ended(job faultline.jobs_live, state text, error jsonb)
returns void
language plpgsql
as $$
begin
  perform faultline._tasks_ended(
    job.run_id, array[pg_catalog.split_part(job.task, '[', 1)],
    array[coalesce(nullif(pg_catalog.rtrim(pg_catalog.split_part(job.task, '[', 2), ']'), '')::int, -1)],
    _task_ended.state, array[null]::jsonb[], _task_ended.error);
end
$$;
comment on function faultline._task_ended(faultline.jobs_live, text, jsonb) is 'Private: the job of a task has ended otherwise than in success.';
