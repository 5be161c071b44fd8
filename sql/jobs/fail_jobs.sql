-- fail_job for a group, in one statement: arrays of one length; errors, retryables and retry_ins, or elements of them, may be
-- NULL, and mean what they mean there. Returns a verdict for each, in the order of the arrays: ok, repeat, or stale (no
-- such job included), and records what it refused; a stale one does not harm the others. For faultline_runner.
-- Locks the rows in the order of job_id, so that two groups with the same jobs can't deadlock; then those whose cancelling
-- was asked for; tasks of workflows after the others, in the order of the roots of their runs.
-- Errors: FL004 for NULLs in a fence, arrays of other lengths, more than 10 000, an error that is no object or over 256 KiB,
-- a retry_in out of 0 to 366 days (nothing is changed then: report one by one).
create function faultline.fail_jobs(
  job_ids bigint[], attempts int[], errors jsonb[] default null, retryables boolean[] default null,
  retry_ins interval[] default null)
returns table (job_id bigint, verdict text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
#variable_conflict use_column
declare
  total int := coalesce(pg_catalog.cardinality(job_ids), 0);
  now_ timestamptz;
  done_ids bigint[];
  done_attempts int[];
  transactions text[];
  rung text[];
  refused record;
  item record;
begin
  if total <> coalesce(pg_catalog.cardinality(attempts), 0) or total <> coalesce(pg_catalog.cardinality(errors), total)
     or total <> coalesce(pg_catalog.cardinality(retryables), total) or total <> coalesce(pg_catalog.cardinality(retry_ins), total)
     or total > 10000
     or pg_catalog.array_position(job_ids, null) is not null or pg_catalog.array_position(attempts, null) is not null then
    perform faultline._refuse_fences(
      'group', job_ids, attempts, pg_catalog.json_build_object(
        'errors', pg_catalog.cardinality(errors), 'retryables', pg_catalog.cardinality(retryables),
        'retry_ins', pg_catalog.cardinality(retry_ins)));
  end if;
  select e.error, e.ordinal into refused
  from unnest(errors) with ordinality as e (error, ordinal)
  where pg_catalog.jsonb_typeof(e.error) <> 'object' or pg_catalog.octet_length(e.error::text) > 262144
  limit 1;
  if found then
    perform faultline._check_document(pg_catalog.format('the error of job %s', job_ids[refused.ordinal]), refused.error, true);
  end if;
  perform faultline._check_interval(
    pg_catalog.format('retry_in of job %s', job_ids[d.ordinal]), d.retry_in, interval '0', interval '366 days')
  from unnest(retry_ins) with ordinality as d (retry_in, ordinal)
  where d.retry_in is not null;

  -- The xid first: ready_at is later than that, and the floor rests on it.
  perform pg_catalog.pg_current_xact_id();
  now_ := pg_catalog.clock_timestamp();
  -- The fence is tested again on what a wait for the lock has found, and so is all that is computed here. As in
  -- complete_jobs, the join can only be a nested loop with the reports outside, in their order.
  with ended as materialized (
    select j.job_id, j.attempt, j.failures + 1 as failures, j.queue, j.lease_owner, j.transaction_id, r.error,
      case when r.retryable and j.failures + 1 < j.max_attempts then
        coalesce(
          r.retry_in,
          faultline._backoff_delay(
            coalesce(j.backoff, (select q.backoff from faultline.queues q where q.queue = j.queue),
                     (select s.backoff from faultline.settings s)),
            j.failures + 1))
      end as delay
    from (
      -- Of a report that is there twice, one.
      select distinct on (u.job_id, u.attempt) u.job_id, u.attempt, coalesce(u.error, '{}') as error,
        coalesce(u.retryable, true) as retryable, u.retry_in
      from unnest(job_ids, attempts, errors, retryables, retry_ins) as u (job_id, attempt, error, retryable, retry_in)
      order by u.job_id, u.attempt
    ) r
    join faultline.jobs_live j
      on j.job_id = any (array[r.job_id]) and j.attempt = r.attempt and j.state = 'running' and j.run_id is null
        and j.cancel_requested_at is null
    for update of j
  ), moved as (
    update faultline.jobs_live j
    set state = case when e.delay is null then 'failed' else 'queued' end, failures = e.failures, error = e.error,
        ready_at = coalesce(now_ + e.delay, j.ready_at), finished_at = case when e.delay is null then now_ end,
        lease_owner = null, lease_expires_at = null
    from ended e
    where j.job_id = any (array[e.job_id])
  ), recorded as (
    insert into faultline.job_events (at, job_id, attempt, verb, runner, actor, detail)
    select pg_catalog.clock_timestamp(), e.job_id, e.attempt, 'fail', e.lease_owner, session_user,
      pg_catalog.jsonb_build_object('failures', e.failures, 'error', e.error, 'lease_owner', e.lease_owner)
        || case when e.delay is null then '{"outcome": "failed"}'
             else pg_catalog.jsonb_build_object('outcome', 'queued', 'delay', e.delay) end
    from ended e
  )
  select pg_catalog.array_agg(e.job_id), pg_catalog.array_agg(e.attempt),
    pg_catalog.array_agg(e.transaction_id) filter (where e.transaction_id is not null),
    pg_catalog.array_agg(distinct e.queue) filter (where e.delay = interval '0')
  into done_ids, done_attempts, transactions, rung
  from ended e;

  if transactions is not null then
    perform faultline._tell_transaction(t.id, null) from unnest(transactions) as t (id);
  end if;
  if rung is not null then
    perform faultline._ring(b.queue) from unnest(rung) as b (queue);
  end if;
  if coalesce(pg_catalog.cardinality(done_ids), 0) = total then
    return query select u.id, 'ok' from unnest(job_ids) as u (id);
    return;
  end if;

  -- What is more than a retry or a dead letter, one by one; each locks its run first.
  for item in
    select h.*
    from (
      select u.*, (select r.root_run_id from faultline.runs r where r.run_id = j.run_id) as root
      from unnest(job_ids, attempts, errors, retryables, retry_ins) as u (job_id, attempt, error, retryable, retry_in)
      join faultline.jobs_live j on j.job_id = any (array[u.job_id]) and j.attempt = u.attempt and j.state = 'running'
      offset 0
    ) h
    order by h.root nulls first, h.job_id
  loop
    if faultline._end_attempt(item.job_id, item.attempt, 'fail', true, coalesce(item.retryable, true), item.retry_in,
                              coalesce(item.error, '{}'), null) is not null then
      done_ids := done_ids || item.job_id;
      done_attempts := done_attempts || item.attempt;
    end if;
  end loop;
  return query select * from faultline._verdicts(job_ids, attempts, done_ids, done_attempts, 'fail');
end
$$;
comment on function faultline.fail_jobs(bigint[], int[], jsonb[], boolean[], interval[])
is 'Reports the failure of a group of attempts and returns a verdict for each: ok, repeat or stale.';
grant execute on function faultline.fail_jobs(bigint[], int[], jsonb[], boolean[], interval[]) to faultline_runner;
