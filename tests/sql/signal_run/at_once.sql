\ir ../../support/workflows.sql
-- Who signals a run while another has not committed waits, and finds that signal.
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

select begun('{"s": {"wait_for": "ok"}, "s2": {"wait_for": "other"}}') as run \gset
begin;
select faultline.signal_run(:run, 'ok', '1') \g /dev/null
select other_waits(format('select faultline.signal_run(%s, ''ok'', ''2'')', :run)) \g /dev/null
commit;
select throws_ok('select * from public.dblink_get_result(''other'') as r (said text)', 'FL002', format('run %s was given signal ok with another payload', :run), 'another payload');

select * from finish();
