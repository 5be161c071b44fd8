\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- Retention removes runs that finished, with their children, tasks and signals; not one that may be resumed.
select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}}}') \g /dev/null
select begun('{"c": {"workflow": "child"}, "s": {"wait_for": "ok"}}') as old, begun('{"a": {"type": "t"}}', '{}', 'v') as dead, faultline.trigger_workflow('v') as fresh, faultline.trigger_workflow('v') as live \gset
select faultline.signal_run(:old, 'ok'), task_ends((task(:old, 'c')).child_run_id, 'x'), task_ends(:dead, 'a', 'failed'), task_ends(:fresh, 'a') \g /dev/null
update faultline.runs set created_at = created_at - interval '31 days', finished_at = finished_at - interval '31 days' where run_id not in (:fresh);
select is(operate('select faultline.maintain()')::jsonb ->> 'runs', '2', 'the run and its child');
select results_eq('select run_id from faultline.runs order by 1', format('values (%s::bigint), (%s), (%s)', :dead, :fresh, :live), 'one with a dead letter stays, and what is new, and what runs');
select is_empty('select 1 from faultline.run_signals', 'its signals are gone');
select is((select string_agg(distinct run_id::text, ' ' order by run_id::text) from faultline.tasks), format('%s %s %s', :dead, :fresh, :live), 'and its tasks');
select is(operate('select faultline.maintain()')::jsonb ->> 'runs', '0', 'repeated, nothing');
select faultline.discard_job(task_job(:dead, 'a')) \g /dev/null
select is(operate('select faultline.maintain()')::jsonb ->> 'runs', '1', 'a dead letter that was discarded holds nothing');

-- So many tasks a call.
insert into faultline.runs (run_id, root_run_id, workflow, version, state, input, created_at, finished_at)
select -n, -n, 'v', 1, 'succeeded', '{}', now() - interval '40 days', now() - interval '40 days' from generate_series(1, 3) n;
insert into faultline.tasks (run_id, name, item, ordinal, state, finished_at) select -n, 'a', i, 1, 'succeeded', now() from generate_series(1, 3) n, generate_series(-1, 5000) i;
select is(operate('select faultline.maintain()')::jsonb ->> 'runs', '2', 'up to ten thousand tasks a call');
select is(operate('select faultline.maintain()')::jsonb ->> 'runs', '1', 'the rest the next time');
select healthy('healthy');

select * from finish();
rollback;
