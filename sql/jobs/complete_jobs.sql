-- complete_job for a group, in one statement: three arrays of one length, results NULL for none. Returns a verdict for
-- each, in the order of the arrays: ok, repeat, or stale (no such job included), and records what it refused; a stale
-- one does not harm the others. For faultline_runner.
-- Locks the rows in the order of job_id, so that two groups with the same jobs can't deadlock; tasks of workflows after the
-- others, and after the roots of their runs. What a task releases is released in the same transaction.
-- Errors: FL004 for NULLs, arrays of other lengths, more than 10 000, or a result over 256 KiB (nothing is changed then:
-- report one by one).
create function faultline.complete_jobs(job_ids bigint[], attempts int[], results jsonb[] default null)
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
  oversized record;
begin
  if total <> coalesce(pg_catalog.cardinality(attempts), 0) or total <> coalesce(pg_catalog.cardinality(results), total)
     or total > 10000
     or pg_catalog.array_position(job_ids, null) is not null or pg_catalog.array_position(attempts, null) is not null then
    perform faultline._refuse_fences(
      'group', job_ids, attempts, pg_catalog.json_build_object('results', pg_catalog.cardinality(results)));
  end if;
  if results is not null then
    select r.result, r.ordinal into oversized
    from unnest(results) with ordinality as r (result, ordinal)
    where pg_catalog.octet_length(r.result::text) > 262144
    limit 1;
    if found then
      perform faultline._check_document(
        pg_catalog.format('the result of job %s', job_ids[oversized.ordinal]), oversized.result, false);
    end if;
  end if;

  now_ := pg_catalog.clock_timestamp();
  -- The join can only be a nested loop whose outer side are the reports, sorted: rows are locked in that order. The SET
  -- clauses and = any (array[…]) see to it: for a plain = the planner would also consider walking the whole index of
  -- jobs_live with the reports inside, and after a VACUUM or ANALYZE that found the queue empty it took that for cheap
  -- (880 µs a job instead of 6).
  with gone as (
    delete from faultline.jobs_live j
    using (
      select u.job_id, u.attempt, u.result
      from unnest(job_ids, attempts, results) as u (job_id, attempt, result)
      order by u.job_id
    ) r
    where j.job_id = any (array[r.job_id]) and j.attempt = r.attempt and j.state = 'running' and j.run_id is null
    returning j.*, r.result
  ), done as (
    insert into faultline.jobs_done (
      job_id, finished_at, created_at, ready_at, started_at, lease_owner, run_id, attempt, failures, max_attempts,
      priority, from_state, state, type, queue, payload, result, headers, tags, idempotency_key, task)
    select g.job_id, now_, g.created_at, g.ready_at, g.started_at, g.lease_owner, g.run_id, g.attempt, g.failures,
      g.max_attempts, g.priority, g.state, 'succeeded', g.type, g.queue, g.payload, g.result, g.headers, g.tags,
      g.idempotency_key, g.task
    from gone g
  )
  select pg_catalog.array_agg(g.job_id), pg_catalog.array_agg(g.attempt),
    pg_catalog.array_agg(g.transaction_id) filter (where g.transaction_id is not null)
  into done_ids, done_attempts, transactions
  from gone g;

  if transactions is not null then
    perform faultline._tell_transaction(t.id, 'succeeded') from unnest(transactions) as t (id);
  end if;

  if coalesce(pg_catalog.cardinality(done_ids), 0) < total then
    -- Tasks of runs, if any: their runs are locked before them.
    select done_ids || t.task_ids, done_attempts || t.task_attempts into done_ids, done_attempts
    from faultline._complete_tasks(job_ids, attempts, results) as t (task_ids, task_attempts);
  end if;
  if coalesce(pg_catalog.cardinality(done_ids), 0) = total then
    return query select u.id, 'ok' from unnest(job_ids) as u (id);
    return;
  end if;
  return query select * from faultline._verdicts(job_ids, attempts, done_ids, done_attempts, 'complete');
end
$$;
comment on function faultline.complete_jobs(bigint[], int[], jsonb[])
is 'Reports the success of a group of attempts and returns a verdict for each: ok, repeat or stale.';
grant execute on function faultline.complete_jobs(bigint[], int[], jsonb[]) to faultline_runner;
