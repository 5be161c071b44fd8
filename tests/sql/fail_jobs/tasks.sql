\ir ../../support/workflows.sql
-- Of tasks and of transactions: what one failure does to them, a group of failures does.
create function pg_temp.locked(run bigint) returns bool language sql
as $$ select xmax = pg_current_xact_id()::xid from faultline.runs r where r.run_id = run $$;
create function pg_temp.fails(runs bigint[], tasks text[], retryable bool) returns text language sql as $$
  select string_agg(verdict, ' ' order by o)
  from faultline.fail_jobs((select array_agg(task_job(r, t) order by o) from unnest(runs, tasks) with ordinality as u (r, t, o)),
                           (select array_agg((live).attempt order by o) from (select l as live, o from unnest(runs, tasks) with ordinality as u (r, t, o) join faultline.jobs_live l on l.job_id = task_job(r, t)) v),
                           null, array_fill(retryable, array[cardinality(runs)]), array_fill(interval '0', array[cardinality(runs)])) with ordinality as f (job_id, verdict, o)
$$;
select begun('{"first": {"type": "t"}, "beside": {"type": "t"}, "then": {"type": "t", "needs": "first"}}') as run \gset
select begun('{"one": {"type": "t"}, "two": {"type": "t"}}', name => 'other') as other \gset
select begun('{"one": {"type": "t"}}', name => 'third') as third \gset
select running(n) from unnest(array['alone', 'for good']) n \g /dev/null
select task_claimed(:run, 'first'), task_claimed(:run, 'beside'), task_claimed(:other, 'one'), task_claimed(:other, 'two') \g /dev/null

-- In a transaction that has not made the runs, xmax tells whether it has locked them.
begin;
select * from no_plan();
select is((select string_agg(verdict, ' ') from faultline.fail_jobs(ids('alone', 'for good'), '{1,1}', null, '{t,f}')), 'ok ok', 'jobs without a run');
select is((state_of('alone'), state_of('for good')), ('queued'::text, 'failed'::text), 'are tried again, or not');
select is((pg_temp.locked(:run), pg_temp.locked(:other), pg_temp.locked(:third)), (false, false, false), 'and lock no run');
select is(pg_temp.fails(array[:other, :run]::bigint[], '{one,first}', true), 'ok ok', 'tasks that are tried again');
select is((pg_temp.locked(:run), pg_temp.locked(:other), pg_temp.locked(:third)), (true, true, false), 'lock their runs and no other');
select is((tasks(:run), tasks(:other)), ('first queued, beside queued, then waiting'::text, 'one queued, two queued'::text), 'which go on');
select task_claimed(:run, 'first'), task_claimed(:other, 'one');
select is(pg_temp.fails(array[:run, :other, :run]::bigint[], '{beside,one,first}', false), 'ok ok ok', 'tasks that fail for good');
select is((tasks(:run), run_is(:run)), ('first failed, beside failed, then skipped'::text, 'failed'::text), 'end, with all that follows');
select is((tasks(:other), run_is(:other)), ('one failed, two queued'::text, 'running'::text), 'in each of their runs');
select faultline.cancel_job(task_job(:other, 'two'));
select is(pg_temp.fails(array[:other]::bigint[], '{two}', true), 'ok', 'a task whose cancelling was asked for');
select is(tasks(:other), 'one failed, two cancelled', 'ends cancelled, not failed');
select is((task(:run, 'first')).error, '{}', 'the task has the error');

-- An attempt that ends after its entry lets reconcile look; so does the last one.
select (faultline.submit_transaction('tx ' || n, 't')) as job from generate_series(1, 3) n;
select claimed_ as claimed from (select count(*) as claimed_ from faultline.claim_job('default', runner(1), 10)) v;
select job_id, faultline.apply_ledger(job_id, 1, transaction_id, '{}') from faultline.transactions where transaction_id in ('tx 1', 'tx 2');
update faultline.transactions set due_at = null;
select is((select string_agg(f.verdict, ' ') from (select array_agg(t.job_id order by t.transaction_id) as ids from faultline.transactions t) v, lateral faultline.fail_jobs(v.ids, '{1,1,1}', null, '{t,f,t}') f), 'ok ok ok', 'three that carry out transactions');
select is((select string_agg(t.transaction_id || ' ' || t.state || coalesce(' ' || t.job_state, '') || case when t.due_at <= clock_timestamp() then ' due' else '' end, ', ' order by t.transaction_id) from faultline.transactions t),
          'tx 1 APPLIED due, tx 2 APPLIED due, tx 3 INIT', 'what was applied is due');

select * from finish();
rollback;
