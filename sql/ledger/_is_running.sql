-- Whether the attempt is the running one. The caller holds the job's row, or knows that the attempt is over.
create function faultline._is_running(job_id bigint, attempt int)
returns boolean
language plpgsql
as $$
#variable_conflict use_variable
begin
  return exists (
    select from faultline.jobs_live j where j.job_id = _is_running.job_id and j.attempt = _is_running.attempt and j.state = 'running');
end
$$;
comment on function faultline._is_running(bigint, int) is 'Private: whether the attempt is the running one.';
