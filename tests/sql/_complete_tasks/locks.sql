\ir ../../support/workflows.sql

-- A second session looks at what is locked, so the runs have to be committed.
select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}}}') \g /dev/null
select begun('{"a": {"type": "t"}, "c": {"workflow": "child"}}') as one \gset
select faultline.trigger_workflow('w') as two \gset
select faultline.trigger_workflow('w') as three \gset
select run_id as child from faultline.runs where parent_run_id = :two \gset
select task_claimed(:one, 'a'), task_claimed(:child, 'x'), task_claimed(:three, 'a') \g /dev/null
select running('plain') \g /dev/null
select second_session() \g /dev/null

begin;
select * from no_plan();

select is(c.done_ids, null, 'no task') from faultline._complete_tasks(array[id('plain')], '{1}', '{null}') c;
select is(locked_runs(), null, 'no lock');
select is(c.done_ids, null, 'stale attempts') from faultline._complete_tasks(array[task_job(:one, 'a'), task_job(:child, 'x')], '{2,2}', '{null,null}') c;
select is(locked_runs(), :'one' || ' ' || :'two', 'the roots of their runs are locked before that is known, and no other run');

select * from finish();
rollback;
