\ir ../../support/workflows.sql
-- A wait that has ended after it was looked for is not ended again. Between its look and its lock the one who wakes waits
-- for the table of runs.
select * from no_plan();
select second_session() \g /dev/null

select begun('{"s": {"wait_for": "ok", "timeout": "1h"}, "z": {"type": "t", "needs": "s"}}') as run \gset
update faultline.tasks set due_at = clock_timestamp() where run_id = :run and name = 's';
begin;
lock table faultline.runs;
select other_waits('select faultline.wake_tasks()') \g /dev/null
select faultline.signal_run(:run, 'ok', '1') \g /dev/null
commit;
select is(woken, 0::bigint, 'none is woken') from public.dblink_get_result('other') as r (woken bigint);
select is(tasks(:run), 's succeeded, z queued', 'it has succeeded');

select * from finish();
