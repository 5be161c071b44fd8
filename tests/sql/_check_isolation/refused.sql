\ir ../../support/workflows.sql
-- Whoever changes a run has to see what the last holder of its root has committed. An older snapshot would not, and nothing
-- would tell: of the last two needs of a task each would find the other one unfinished.
select * from no_plan();
select begun('{"a": {"type": "t"}, "s": {"wait_for": "ok", "timeout": "1h"}, "z": {"type": "t", "needs": ["a", "s"]}}') as run \gset
select task_claimed(:run, 'a') \g /dev/null
select task_job(:run, 'a') as job \gset
select begun('{"a": {"type": "t"}}') as broken \gset
select task_ends(:broken, 'a', 'failed') \g /dev/null
create table tap.changes (statement text);
insert into tap.changes values
  (format('select faultline.complete_job(%s, 1)', :job)),
  (format('select * from faultline.complete_jobs(array[%s], array[1])', :job)),
  (format('select faultline.fail_job(%s, 1, ''{}'')', :job)),
  (format('select faultline.cancel_job(%s)', :job)),
  (format('select faultline.apply_and_complete(%s, 1, ''x'', ''{}'')', :job)),
  (format('select faultline.signal_run(%s, ''ok'')', :run)),
  (format('select faultline.cancel_run(%s)', :run)),
  (format('select faultline.resume_run(%s)', :broken)),
  ('select faultline.wake_tasks()');
begin isolation level repeatable read;
select refuses(statement, 'FL004', format('%s does not work in a transaction that is REPEATABLE READ', case when statement ~ 'wake' then 'wake_tasks' else 'changing a run' end), 'REPEATABLE READ: ' || statement) from tap.changes;
select lives_ok('select faultline.trigger_workflow(''w'')', 'a run can be begun there: nobody else sees it');
commit;
begin isolation level serializable;
select refuses(statement, 'FL004', format('%s does not work in a transaction that is SERIALIZABLE', case when statement ~ 'wake' then 'wake_tasks' else 'changing a run' end), 'SERIALIZABLE: ' || statement) from tap.changes;
commit;
select answers(format('select faultline.signal_run(%s, ''ok'')', :run), 'signalled', 'READ COMMITTED is not refused');
select is(tasks(:run), 'a queued, s succeeded, z waiting', 'what was refused has changed nothing');
select healthy('healthy');
select * from finish();
