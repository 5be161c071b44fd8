\ir ../../support/workflows.sql
-- Who signals a run while another has not committed waits, and finds that signal.
select * from no_plan();
select second_session() \g /dev/null

select begun('{"s": {"wait_for": "ok"}, "s2": {"wait_for": "other"}}') as run \gset
begin;
select faultline.signal_run(:run, 'ok', '1') \g /dev/null
select other_waits(format('select faultline.signal_run(%s, ''ok'', ''2'')', :run)) \g /dev/null
commit;
select throws_ok('select * from public.dblink_get_result(''other'') as r (said text)', 'FL002', format('run %s was given signal ok with another payload', :run), 'another payload');

select * from finish();
