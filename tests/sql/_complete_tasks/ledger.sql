\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- A task may have a transaction: it is told how its job ended, in a group or alone, and what follows follows.
select begun('{"a": {"type": "t"}, "b": {"type": "t"}, "c": {"type": "t", "needs": ["a", "b"]}}') as run \gset
select task_claimed(:run, 'a'), task_claimed(:run, 'b') \g /dev/null
select is((select created from faultline.apply_ledger(task_job(:run, 'a'), 1, 'tx a', '{"done": true}')), true, 'a task enters what it did');
select is((select verdict from faultline.complete_jobs(array[task_job(:run, 'a')], '{1}')), 'ok', 'and ends');
select is((select job_state from faultline.transactions where transaction_id = 'tx a'), 'succeeded', 'its transaction knows');
select is((select created from faultline.apply_and_complete(task_job(:run, 'b'), 1, 'tx b', '{"done": true}', result => '{"n": 1}')), true, 'both in one');
select is(tasks(:run), 'a succeeded, b succeeded, c queued', 'c is released');
select is((task(:run, 'b')).result, '{"n": 1}', 'with the result of b');
select is((select created from faultline.apply_and_complete(task_job(:run, 'b'), 1, 'tx b', '{"done": true}', result => '{"n": 1}')), false, 'repeated, it is there');
select is(tasks(:run), 'a succeeded, b succeeded, c queued', 'and nothing more follows');
select healthy('healthy');

select * from finish();
rollback;
