\ir ../../support/workflows.sql
-- Of a task's job: the root of its run is locked first, and what is final ends the task.
create function pg_temp.ends(run bigint, task text, retryable bool default true)
returns text language sql as $$ select faultline._end_attempt(task_job(run, task), task_claimed(run, task), 'fail', true, retryable, '0', '{"message": "e"}', null) $$;
create function pg_temp.locked(run bigint) returns bool language sql
as $$ select xmax = pg_current_xact_id()::xid from faultline.runs r where r.run_id = run $$;
select begun('{"first": {"type": "t"}, "then": {"type": "t", "needs": "first"}}') as run \gset
select begun('{"one": {"type": "t"}, "two": {"type": "t"}}', name => 'other') as other \gset
select running(n) from unnest(array['alone', 'alone for good']) n;

-- In a transaction that has not made the runs, xmax tells whether it has locked them.
begin;
select * from no_plan();
select is(faultline._end_attempt(id('alone'), 1, 'fail', true, true, '0', '{}', null), 'queued', 'a job without a run');
select is(faultline._end_attempt(id('alone for good'), 1, 'fail', true, false, null, '{}', null), 'failed', 'also for good');
select is((pg_temp.locked(:run), pg_temp.locked(:other)), (false, false), 'locks no run');
select is(pg_temp.ends(:run, 'first'), 'queued', 'a task that is tried again');
select is((pg_temp.locked(:run), pg_temp.locked(:other)), (true, false), 'locks its run and no other');
select is(tasks(:run), 'first queued, then waiting', 'and goes on');
select is(pg_temp.ends(:run, 'first', false), 'failed', 'a task that fails for good');
select is((tasks(:run), run_is(:run)), ('first failed, then skipped'::text, 'failed'::text), 'ends, with all that follows');
select is(tasks(:other), 'one queued, two queued', 'of its run alone');

select task_claimed(:other, 'one') as attempt, task_job(:other, 'one') as job \gset
select faultline.cancel_job(:job);
select is(faultline._end_attempt(:job, :attempt, 'fail', true, true, null, '{}', null), 'cancelled', 'a task whose cancelling was asked for');
select is(tasks(:other), 'one cancelled, two queued', 'ends cancelled, not failed');

select * from finish();
rollback;
