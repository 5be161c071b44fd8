-- The verdict of a single report: 'ok' if it was accepted, 'repeat' if it had been before; else it raises FL005 (no such
-- job) or FL001 (stale), so that a transaction around it aborts.
create function faultline._answer(accepted boolean, job_id bigint, attempt int, verb text)
returns text
language plpgsql
as $$
#variable_conflict use_variable
declare
  reason text;
  job record;
begin
  if accepted then
    return 'ok';
  end if;
  reason := faultline._refused(job_id, attempt, verb);
  if reason = 'repeat' then
    return 'repeat';
  end if;
  if reason = 'unknown' then
    perform faultline._no_job(job_id);
  end if;
  select j.state, j.attempt into job from faultline.jobs_live j where j.job_id = _answer.job_id;
  if not found then
    select d.state, d.attempt into job from faultline.jobs_done d where d.job_id = _answer.job_id;
  end if;
  raise exception using
    errcode = 'FL001',
    message = pg_catalog.format('attempt %s of job %s may not %s it: the job is %s at attempt %s',
                                attempt, job_id, case verb when 'cancelled' then 'cancel' else verb end, job.state, job.attempt),
    hint = 'The lease was lost: drop the result; another attempt has the job, or had it.';
end
$$;
comment on function faultline._answer(boolean, bigint, int, text) is 'Private: the verdict of a single report, or FL001, FL005.';
