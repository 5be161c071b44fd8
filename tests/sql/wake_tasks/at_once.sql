\ir ../../support/workflows.sql
-- A wait that has ended after it was looked for is not ended again. Between its look and its lock the one who wakes waits
-- for the table of runs.
select * from no_plan();
-- The other session runs a statement, and waits for this one.
create function tap.other_waits(statement text) returns void language plpgsql as $$
declare
  other constant int := (select pid from public.dblink('other', 'select pg_backend_pid()') as r (pid int));
begin
  perform public.dblink_send_query('other', statement);
  loop
    exit when pg_backend_pid() = any (pg_blocking_pids(other));
  end loop;
end
$$;
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
