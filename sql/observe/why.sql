-- Why is this job where it is? {"job_id", "state", "why": one sentence, "facts": {…}}. For faultline_observer.
-- Locks nothing. Errors: FL005 no such job.
create function faultline.why(job_id bigint)
returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  job faultline.jobs_live;
  done record;
  queue_ faultline.queues;
  holder record;
  running bigint;
  served boolean;
  ahead bigint;
  trouble text;
  sentence text;
  facts jsonb;
begin
  select * into job from faultline.jobs_live j where j.job_id = why.job_id;
  if not found then
    select d.state, d.attempt, d.finished_at, d.queue, d.type, d.error, d.lease_owner
    into done
    from faultline.jobs_done d
    where d.job_id = why.job_id;
    if not found then
      perform faultline._no_job(job_id);
    end if;
    trouble := faultline._trouble(done.error);
    sentence := case done.state
      when 'succeeded' then pg_catalog.format('it succeeded on attempt %s, %s ago', done.attempt, faultline._ago(now_ - done.finished_at))
      when 'cancelled' then pg_catalog.format('it was cancelled %s ago', faultline._ago(now_ - done.finished_at))
      else pg_catalog.format('it was a dead letter%s, and discarded %s ago', coalesce(' after ' || trouble, ''), faultline._ago(now_ - done.finished_at))
    end;
    return pg_catalog.jsonb_build_object(
      'job_id', job_id, 'state', done.state, 'why', sentence,
      'facts', pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
        'type', done.type, 'queue', done.queue, 'attempt', done.attempt, 'finished_at', done.finished_at,
        'runner', done.lease_owner, 'error', done.error)));
  end if;

  select * into queue_ from faultline.queues q where q.queue = job.queue;
  select r.host, r.pid, r.last_seen_at into holder from faultline.runners r where r.runner = job.lease_owner;
  select count(*) into running
  from (select from faultline.jobs_live j where j.queue = job.queue and j.lease_expires_at is not null
        limit coalesce(queue_.max_running, 10000)) r;
  served := exists (
    select from faultline.runners r
    where r.last_seen_at > now_ - interval '1 minute' and (r.queues is null or job.queue = any (r.queues)));
  trouble := faultline._trouble(job.error);
  facts := pg_catalog.jsonb_build_object(
    'type', job.type, 'queue', job.queue, 'priority', job.priority, 'attempt', job.attempt, 'failures', job.failures,
    'max_attempts', job.max_attempts, 'run_at', job.ready_at, 'error', job.error, 'queue_paused', queue_.paused_at is not null,
    'queue_running', running, 'queue_max_running', queue_.max_running, 'queue_served', served,
    'runner', job.lease_owner, 'runner_host', holder.host, 'runner_pid', holder.pid, 'runner_seen_at', holder.last_seen_at,
    'lease_expires_at', job.lease_expires_at, 'cancel_requested_at', job.cancel_requested_at);

  if job.state = 'failed' then
    sentence := pg_catalog.format('it is a dead letter: %s of %s attempts failed%s; retry_job or discard_job decides',
      job.failures, job.max_attempts, coalesce(', the last with ' || trouble, ''));
  elsif job.state = 'running' then
    sentence := pg_catalog.format('runner %s%s holds it until %s',
      job.lease_owner, case when holder.host is null then '' else pg_catalog.format(' (pid %s on %s)', holder.pid, faultline._one_line(holder.host, 255)) end, job.lease_expires_at);
    if job.lease_expires_at < now_ then
      sentence := pg_catalog.format('the lease of runner %s expired %s ago, and no runner has taken it back yet', job.lease_owner, faultline._ago(now_ - job.lease_expires_at));
    elsif job.cancel_requested_at is not null then
      sentence := sentence || ', and has been asked to cancel it';
    end if;
  elsif queue_.paused_at is not null then
    sentence := pg_catalog.format('queue %s has been paused for %s%s', job.queue, faultline._ago(now_ - queue_.paused_at), coalesce(': ' || faultline._one_line(queue_.paused_note, 1000), ''));
  elsif job.ready_at > now_ and job.failures > 0 then
    sentence := pg_catalog.format('it waits %s for retry %s of %s%s', faultline._ago(job.ready_at - now_), job.failures + 1, job.max_attempts,
      coalesce(' since ' || trouble, ''));
  elsif job.ready_at > now_ then
    sentence := pg_catalog.format('it may not run before %s, in %s', job.ready_at, faultline._ago(job.ready_at - now_));
  elsif running >= queue_.max_running then
    sentence := pg_catalog.format('queue %s runs as many jobs as it may at once: %s', job.queue, queue_.max_running);
  elsif not served then
    sentence := pg_catalog.format('nobody serves queue %s: no runner of it was seen within a minute', job.queue);
  else
    select count(*) into ahead
    from (
      select
      from faultline.jobs_live j
      where j.state = 'queued' and j.queue = job.queue and j.ready_at <= now_
        and (j.priority < job.priority
             or j.priority = job.priority and (j.ready_at, j.job_id) < (job.ready_at, job.job_id))
      limit 10000
    ) a;
    facts := facts || pg_catalog.jsonb_build_object('ahead', ahead);
    sentence := pg_catalog.format('it is ready and waits for its turn: %s%s before it in queue %s',
      ahead, case ahead when 1 then ' job is' else case when ahead = 10000 then ' jobs or more are' else ' jobs are' end end, job.queue);
  end if;
  return pg_catalog.jsonb_build_object(
    'job_id', job_id, 'state', job.state, 'why', sentence, 'facts', pg_catalog.jsonb_strip_nulls(facts));
end
$$;
comment on function faultline.why(bigint) is 'Why a job is where it is: one sentence and the facts.';
grant execute on function faultline.why(bigint) to faultline_observer;
