\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- What follows in the run, and in the runs that it begins.
select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}}}') \g /dev/null
select begun('{"a": {"type": "t"}, "b": {"type": "t", "needs": "a"}, "c": {"workflow": "child", "needs": "a"}}') as run \gset
select faultline.trigger_workflow('w') as other \gset
select faultline._tasks_ended(:run, '{a}', '{-1}', 'succeeded', '{5}', null) \g /dev/null
select is(tasks(:run) || '; ' || tasks(:other), 'a succeeded, b queued, c running; a queued, b waiting, c waiting', 'what needs it begins, in its run');
select is((task(:run, 'a')).result, '5', 'with its result');
select is(tasks((task(:run, 'c')).child_run_id), 'x queued', 'and the one run that has begun goes on');

-- A run that has ended stays as it is.
select faultline.cancel_run(:other) \g /dev/null
update faultline.tasks set state = 'waiting', finished_at = null where run_id = :other;
select changes_nothing(current_user, format($$select faultline._tasks_ended(%s, '{a}', '{-1}', 'succeeded', '{5}', null)$$, :other), '', 'after the end of the run nothing is written');

select * from finish();
rollback;
