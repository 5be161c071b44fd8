-- Raises FL005 (not found) for a job.
create function faultline._no_job(job_id bigint)
returns void
language plpgsql
as $$
begin
  raise exception using
    errcode = 'FL005', message = pg_catalog.format('there is no job %s', coalesce(job_id::text, 'NULL')),
    hint = 'It was never enqueued, or it finished so long ago that retention removed it.';
end
$$;
comment on function faultline._no_job(bigint) is 'Private: raises FL005 for a job.';
