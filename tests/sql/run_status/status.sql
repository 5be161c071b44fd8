\ir ../../support/workflows.sql
begin;
select * from no_plan();

select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}}}') \g /dev/null
select begun('{"a": {"type": "t"}, "m": {"type": "t", "for_each": "input.l"}, "c": {"workflow": "child"}, "z": {"type": "t", "needs": "a"}}', '{"l": [1, 2]}') as run \gset
select task_ends(:run, 'a', 'succeeded', '5'), task_claimed(:run, 'm[0]'), task_ends(:run, 'm[1]', 'failed') \g /dev/null
create function tap.status(run bigint) returns jsonb language sql as $$ select observe(format('select faultline.run_status(%s)', run))::jsonb $$;
select is(status(:run) - array['tasks', 'created_at'], jsonb_build_object('run_id', :run, 'workflow', 'w', 'version', 1, 'state', 'running', 'input', '{"l": [1, 2]}'::jsonb, 'idempotency_key', null, 'finished_at', null, 'parent_run_id', null, 'parent_task', null), 'the run');
select results_eq(format($$select t ->> 'name', t ->> 'state', t ->> 'attempt', t -> 'result', t #>> '{error,message}', t -> 'items' from jsonb_array_elements((status(%s)) -> 'tasks') t$$, :run),
  $$values ('a', 'succeeded', '1', '5'::jsonb, null, 'null'::jsonb), ('c', 'running', null, 'null', null, 'null'), ('m', 'running', null, 'null', null, '{"queued": 1, "failed": 1}'), ('m[0]', 'running', '1', 'null', null, 'null'),
           ('m[1]', 'failed', '1', 'null', 'broken', 'null'), ('z', 'queued', '0', 'null', null, 'null')$$, 'its tasks, in the order in which they can run; a claimed one is running');
select (task(:run, 'c')).child_run_id as child \gset
select is((status(:child)) ->> 'parent_task', 'c', 'a child says whose it is');
select is(status(:run) #>> '{tasks,1,run_id}', :'child', 'and its task where it is');
select is(observe('select faultline.run_status(424242)'), null, 'no such run');
select is(act(role, 'select faultline.run_status(null)'), null, role || ' may look') from unnest(array['faultline_producer', 'faultline_runner', 'faultline_operator', 'faultline_observer']) role;

-- The views.
select is(
  (select string_agg(a.attname, ', ' order by a.attnum) from pg_attribute a where a.attrelid = ('faultline.' || v)::regclass and a.attnum > 0), columns, v || ' has these columns')
from (values
  ('workflow_log', 'workflow, version, spec, created_at'),
  ('run_log', 'run_id, workflow, version, state, input, idempotency_key, parent_run_id, parent_task, created_at, finished_at'),
  ('task_log', 'run_id, name, item, state, generation, job_id, child_run_id, result, error, due_at, finished_at')) v (v, columns);
select is((act(role, 'select count(*) from faultline.workflow_log'), act(role, 'select count(*) from faultline.run_log'), act(role, 'select count(*) from faultline.task_log where item is null')), ('2'::text, '2'::text, '5'::text), role || ' reads them')
from unnest(array['faultline_observer', 'faultline_operator']) role;
select refused(role, 'select 1 from faultline.' || v, '42501', 'permission denied for view ' || v)
from unnest(array['faultline_producer', 'faultline_runner']) role, unnest(array['workflow_log', 'run_log', 'task_log']) v;

select * from finish();
rollback;
