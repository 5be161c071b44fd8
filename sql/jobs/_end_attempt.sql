-- Ends a running attempt that did not succeed: the job is queued again, fails for good, or ends cancelled if that was
-- asked for. Returns the job's new state, or NULL if (job_id, attempt) is not the running attempt. Records the verb, by
-- which a repeat of the report is told.
--   charge      the attempt counts as a failure (fail, expire), or does not (release, snooze)
--   retryable   false: a failure is final at once
--   delay       until the job is ready again; NULL: what the backoff says if charged, else at once
-- Locks the job's row with the fence in the WHERE: a fence tested on what was read before the wait would let a stale
-- report through. The lock gives the transaction its xid, so that ready_at is later than that: the floor rests on it.
create function faultline._end_attempt(
  job_id bigint, attempt int, verb text, charge boolean, retryable boolean, delay interval, error jsonb, reporter uuid)
returns text
language plpgsql
as $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
  charged int;
  wait interval := delay;
  ended text;
  now_ timestamptz;
begin
  -- A task's run is locked before its job.
  perform faultline._lock_runs(array[j.run_id]) from faultline.jobs_live j where j.job_id = _end_attempt.job_id and coalesce(j.run_id, 0) > 0;
  select * into job
  from faultline.jobs_live j
  where j.job_id = _end_attempt.job_id and j.attempt = _end_attempt.attempt and j.state = 'running'
  for update;
  if not found then
    return null;
  end if;

  charged := job.failures + charge::int;
  if job.cancel_requested_at is not null then
    ended := 'cancelled';
    job.failures := charged;
    perform faultline._finish(job, 'cancelled', error);
  elsif charge and (not retryable or charged >= job.max_attempts) then
    ended := 'failed';
    update faultline.jobs_live j
    set state = 'failed', failures = charged, finished_at = pg_catalog.clock_timestamp(), error = _end_attempt.error,
        lease_owner = null, lease_expires_at = null
    where j.job_id = job.job_id;
  else
    ended := 'queued';
    if wait is null and charge then
      wait := faultline._backoff_delay(
        coalesce(job.backoff, (select q.backoff from faultline.queues q where q.queue = job.queue),
                 (select s.backoff from faultline.settings s)),
        charged);
    end if;
    wait := coalesce(wait, interval '0');
    now_ := pg_catalog.clock_timestamp();
    update faultline.jobs_live j
    set state = 'queued', failures = charged, ready_at = now_ + wait, error = coalesce(_end_attempt.error, j.error),
        lease_owner = null, lease_expires_at = null
    where j.job_id = job.job_id;
    if wait = interval '0' then
      perform faultline._ring(job.queue);
    end if;
  end if;

  if ended = 'failed' and job.run_id is not null then
    perform faultline._task_ended(job, 'failed', error);
  end if;
  if job.transaction_id is not null and ended <> 'cancelled' then
    perform faultline._tell_transaction(job.transaction_id, null);
  end if;
  perform faultline._record(
    job.job_id, job.attempt, verb, coalesce(reporter, job.lease_owner),
    pg_catalog.jsonb_build_object(
      'outcome', ended, 'failures', charged, 'delay', case when ended = 'queued' then wait end, 'error', error,
      'lease_owner', job.lease_owner));
  return ended;
end
$$;
comment on function faultline._end_attempt(bigint, int, text, boolean, boolean, interval, jsonb, uuid)
is 'Private: ends a running attempt that did not succeed; returns the job''s new state, or NULL if the fence is stale.';
