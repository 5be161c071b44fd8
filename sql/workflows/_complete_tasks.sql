-- complete_jobs for those of a group that are tasks of runs: locks the roots of their runs, in their order, then the jobs,
-- and does all that follows from their ends in the same transaction. Returns the fences it accepted.
create function faultline._complete_tasks(job_ids bigint[], attempts int[], results jsonb[], out done_ids bigint[], out done_attempts int[])
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
  runs_ constant bigint[] := array(
    select distinct j.run_id
    from unnest(job_ids) as u (job_id)
    join faultline.jobs_live j on j.job_id = any (array[u.job_id])
    -- Not "is not null": no plan is to stray into the index of the jobs of runs.
    where coalesce(j.run_id, 0) > 0);
  run record;
  transactions text[];
  gone_runs bigint[];
  gone_tasks text[];
  gone_results jsonb[];
begin
  if pg_catalog.cardinality(runs_) = 0 then
    return;
  end if;
  perform faultline._lock_runs(runs_);
  with gone as (
    delete from faultline.jobs_live j
    using (
      select u.job_id, u.attempt, u.result
      from unnest(job_ids, attempts, results) as u (job_id, attempt, result)
      order by u.job_id
    ) r
    where j.job_id = any (array[r.job_id]) and j.attempt = r.attempt and j.state = 'running' and coalesce(j.run_id, 0) > 0
    returning j.*, r.result
  ), done as (
    insert into faultline.jobs_done (
      job_id, finished_at, created_at, ready_at, started_at, lease_owner, run_id, attempt, failures, max_attempts, priority,
      from_state, state, type, queue, payload, result, headers, tags, idempotency_key, task)
    select g.job_id, pg_catalog.clock_timestamp(), g.created_at, g.ready_at, g.started_at, g.lease_owner, g.run_id, g.attempt,
      g.failures, g.max_attempts, g.priority, g.state, 'succeeded', g.type, g.queue, g.payload, g.result, g.headers, g.tags,
      g.idempotency_key, g.task
    from gone g
  )
  select pg_catalog.array_agg(g.job_id), pg_catalog.array_agg(g.attempt),
    pg_catalog.array_agg(g.transaction_id) filter (where g.transaction_id is not null),
    pg_catalog.array_agg(g.run_id), pg_catalog.array_agg(g.task), pg_catalog.array_agg(g.result)
  into done_ids, done_attempts, transactions, gone_runs, gone_tasks, gone_results
  from gone g;
  if transactions is not null then
    perform faultline._tell_transaction(t.id, 'succeeded') from unnest(transactions) as t (id);
  end if;
  for run in
    select u.run_id, pg_catalog.array_agg(pg_catalog.split_part(u.task, '[', 1)) as names,
      pg_catalog.array_agg(coalesce(nullif(pg_catalog.rtrim(pg_catalog.split_part(u.task, '[', 2), ']'), '')::int, -1)) as items,
      pg_catalog.array_agg(u.result) as results
    from unnest(gone_runs, gone_tasks, gone_results) as u (run_id, task, result)
    group by u.run_id
    order by u.run_id
  loop
    perform faultline._tasks_ended(run.run_id, run.names, run.items, 'succeeded', run.results, null);
  end loop;
end
$$;
comment on function faultline._complete_tasks(bigint[], int[], jsonb[]) is 'Private: completes the tasks of a group, and does all that follows.';
