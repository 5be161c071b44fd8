\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- A dead letter of a task is discarded while its run goes on: the task has failed, and stays so.
select begun('{"one": {"type": "t"}, "two": {"type": "t"}}') as run \gset
select is(task_ends(:run, 'one', 'failed'), 'ok', 'a task has failed');
select faultline.discard_job(task_job(:run, 'one'));
select is((tasks(:run), run_is(:run)), ('one failed, two queued'::text, 'running'::text), 'discarded, it is failed, and its run goes on');
select is(task_ends(:run, 'two', 'cancelled'), 'cancelled', 'another is cancelled');
select is((tasks(:run), run_is(:run)), ('one failed, two cancelled'::text, 'failed'::text), 'which ends the run');

select * from finish();
rollback;
