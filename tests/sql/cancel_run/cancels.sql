\ir ../../support/workflows.sql
begin;
select * from no_plan();

select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}}}') \g /dev/null
select begun('{"a": {"type": "t"}, "b": {"type": "t"}, "c": {"workflow": "child"}, "w": {"wait": "1h"}, "z": {"type": "t", "needs": "a"}, "n": {"type": "t", "needs": ["b", "w"], "when": "failure"}}') as run \gset
select task_ends(:run, 'a'), task_claimed(:run, 'b') \g /dev/null
select is(operate(format('select faultline.cancel_run(%s)', :run)), 'cancelled', 'cancelled');
select is(tasks(:run) || ': ' || run_is(:run), 'a succeeded, b cancelled, c cancelled, w cancelled, z cancelled, n cancelled: cancelled', 'all that was not over, at once');
select is(string_agg(state, ' '), 'cancelled', 'its children too') from faultline.runs where parent_run_id = :run;
select is_empty(format('select 1 from faultline.jobs_live where run_id >= %s', :run), 'no job is left');
select throws_ok(format('select faultline.complete_job(%s, 1)', task_job(:run, 'b')), 'FL001', null, 'what its handler reports is stale');
select changes_nothing('faultline_operator', format('select faultline.cancel_run(%s)', :run), 'cancelled', 'repeated, it changes nothing');
select begun('{"a": {"type": "t"}}') as run \gset
select task_ends(:run, 'a') \g /dev/null
select refused('faultline_operator', format('select faultline.cancel_run(%s)', :run), 'FL003', format('run %s has succeeded and can not be cancelled', :run), 'Only a run that is running can be cancelled.');
select refused('faultline_operator', 'select faultline.cancel_run(424242)', 'FL005', 'there is no run 424242');
select begun('{"c": {"workflow": "child"}}') as run \gset
select refused('faultline_operator', format('select faultline.cancel_run(%s)', run_id), 'FL003', format('run %s is task c of run %s and can not be cancelled alone', run_id, :run), format('Run %s is the root.', :run))
from faultline.runs where parent_run_id = :run;
select refused(role, 'select faultline.cancel_run(1)', '42501', 'permission denied for function cancel_run') from unnest(array['faultline_producer', 'faultline_runner', 'faultline_observer']) role;

-- A job of a run that is cancelled by itself, at once or by its handler.
select begun('{"a": {"type": "t"}, "b": {"type": "t"}}') as run \gset
select task_claimed(:run, 'a'), faultline.cancel_job(task_job(:run, 'a')), faultline.cancel_job(task_job(:run, 'b')) \g /dev/null
select is(tasks(:run), 'a queued, b cancelled', 'a handler is asked to stop');
select is(run(format('select faultline.cancelled(%s, 1)', task_job(:run, 'a'))) || ': ' || tasks(:run) || ': ' || run_is(:run), 'ok: a cancelled, b cancelled: failed', 'and does');
select healthy('healthy');

select * from finish();
rollback;
