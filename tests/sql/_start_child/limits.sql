\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- 20 000 runs begin in a run, however deep. A workflow that holds itself more than once would never end in time.
select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}}}') \g /dev/null
select begun('{"a": {"type": "t"}, "c": {"workflow": "child", "needs": "a"}, "d": {"workflow": "child", "needs": "c", "when": "always"}}', '{}', 'parent') as run \gset
insert into faultline.runs (run_id, root_run_id, parent_run_id, parent_task, depth, place, workflow, version, state, input, created_at, finished_at)
values (-1, :run, :run, 'b', 1, 19999, 'child', 1, 'succeeded', '{}', now(), now());
select task_ends(:run, 'a') \g /dev/null
select is(tasks(:run), 'a succeeded, c running, d waiting', 'the last one begins');
select is(place, 20000, 'which is told by its place') from faultline.runs where run_id = (task(:run, 'c')).child_run_id;
select task_ends((task(:run, 'c')).child_run_id, 'x') \g /dev/null
select is(tasks(:run) || ': ' || run_is(:run), 'a succeeded, c succeeded, d failed: failed', 'one more fails');
select is((task(:run, 'd')).error, jsonb_build_object('type', 'WorkflowError', 'message', format('20000 runs have begun in run %s already', :run)), 'and says why');

select * from finish();
rollback;
