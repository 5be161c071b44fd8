\ir ../../support/workflows.sql

-- A second session looks at what is locked, so the runs have to be committed.
select begun('{"a": {"type": "t"}}', '{}', 'u') as other \gset
select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}}}') \g /dev/null
select begun('{"c": {"workflow": "child"}}') as one \gset
select begun('{"c": {"workflow": "child"}}') as two \gset
select run_id as child from faultline.runs where parent_run_id = :two \gset
select second_session() \g /dev/null

begin;
select * from no_plan();

select is(locked_runs(), null, 'nobody has locked anything');
select lives_ok('select faultline._lock_runs(''{}''), faultline._lock_runs(''{424242}'')', 'no run');
select is(locked_runs(), null, 'no lock');
select lives_ok(format('select faultline._lock_runs(array[%s, 424242, %s])', :child, :one), 'two runs, one of them the child of another');
select is(locked_runs(), :'one' || ' ' || :'two', 'the roots, and no other run');
select is((select n from public.dblink('other', 'select count(*) from (select from faultline.runs for key share skip locked) x') as x (n bigint)), count(*), 'foreign keys may refer to them meanwhile') from faultline.runs;

select * from finish();
rollback;
