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

-- Nor does it make room for another item a second time: its failure has done so.
select begun('{"m": {"type": "t", "for_each": "input.l", "concurrency": 1}}', '{"l": [1, 2, 3]}', 'each') as run \gset
select is(task_ends(:run, 'm[0]', 'failed'), 'ok', 'an item has failed');
select faultline.discard_job(task_job(:run, 'm[0]'));
select is(tasks(:run), 'm running, m[0] failed, m[1] queued, m[2] waiting', 'discarded, it leaves as many at work as before');

select * from finish();
rollback;
