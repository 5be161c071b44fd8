-- Moves the jobs of these runs to jobs_done, all in one statement: cancelled, those that are queued or running; discarded,
-- the dead letters. What a run does then is the caller's. The roots are locked, so no job is made meanwhile.
-- Locks the jobs in their order, in a statement of its own: what waited for a claim is moved as it is after that.
-- Three statements: joined into one, or ordered by job_id while looking for the runs, they let the planner walk all jobs.
create function faultline._finish_jobs(run_ids bigint[], state text)
returns void
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
  ids bigint[];
  places tid[];
  transactions text[];
begin
  ids := array(
    select j.job_id
    from unnest(run_ids) as u (id)
    cross join lateral (
      -- Not a bare comparison with a state: no plan is to stray into an index of jobs in that state.
      select j.job_id from faultline.jobs_live j where j.run_id = u.id and (j.state = 'failed') = (_finish_jobs.state = 'discarded') offset 0
    ) j);
  places := array(select j.ctid from faultline.jobs_live j where j.job_id = any (ids) order by j.job_id for update);
  with gone as (
    delete from faultline.jobs_live j where j.ctid = any (places) returning j.*
  ), done as (
    insert into faultline.jobs_done (
      job_id, finished_at, created_at, ready_at, started_at, lease_owner, run_id, attempt, failures, max_attempts, priority,
      from_state, state, type, queue, payload, error, headers, tags, idempotency_key, task)
    select g.job_id, pg_catalog.clock_timestamp(), g.created_at, g.ready_at, g.started_at, g.lease_owner, g.run_id, g.attempt,
      g.failures, g.max_attempts, g.priority, g.state, _finish_jobs.state, g.type, g.queue, g.payload, g.error, g.headers,
      g.tags, g.idempotency_key, g.task
    from gone g
  )
  select pg_catalog.array_agg(g.transaction_id) filter (where g.transaction_id is not null) into transactions
  from gone g;
  if transactions is not null then
    perform faultline._tell_transaction(t.id, _finish_jobs.state) from unnest(transactions) as t (id);
  end if;
end
$$;
comment on function faultline._finish_jobs(bigint[], text) is 'Private: moves the jobs of runs to jobs_done.';
