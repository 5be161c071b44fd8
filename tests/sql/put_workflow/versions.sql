\ir ../../support/workflows.sql
begin;
select * from no_plan();

create function tap.put(spec text) returns text language sql as $$ select operate(format('select faultline.put_workflow(%L)', spec)) $$;
select is(put('{"name": "w", "description": "d", "tasks": {"b": {"type": "t", "needs": "a", "description": "x"}, "a": {"type": "t"}, "c": {"type": "t", "depends_on": ["a", "b"]}}}'), '1', 'the first version');
select changes_nothing('faultline_operator', $$select faultline.put_workflow('{"name": "w", "description": "d", "tasks": {"b": {"type": "t", "needs": "a", "description": "x"}, "a": {"type": "t"}, "c": {"type": "t", "depends_on": ["a", "b"]}}}')$$,
  '1', 'the very same again is the same version');
select results_eq($$select task, ordinal, needed_by from faultline.workflow_tasks where workflow = 'w' order by ordinal$$, $$values ('a', 1, '{b,c}'::text[]), ('b', 2, '{c}'), ('c', 3, '{}')$$, 'each task after what it needs');
select results_eq($$select task, ordinal, needs from faultline.task_dependencies where workflow = 'w' order by 1, 2$$, $$values ('b', 1, 'a'), ('c', 1, 'a'), ('c', 2, 'b')$$, 'and the edges');
select is(put('{"name": "w", "tasks": {"a": {"type": "t"}}}'), '2', 'another spec is another version');
select is(put('{"name": "w", "description": "d", "tasks": {"b": {"type": "t", "needs": "a", "description": "x"}, "a": {"type": "t"}, "c": {"type": "t", "depends_on": ["a", "b"]}}}'), '3', 'also if it was there before');
select is(put('{"name": "other", "tasks": {"a": {"type": "t"}}}'), '1', 'versions are a workflow''s own');
select refused(role, 'select faultline.put_workflow(''{}'')', '42501', 'permission denied for function put_workflow') from unnest(array['faultline_producer', 'faultline_runner', 'faultline_observer']) role;

-- What may be said of a task, and its limits from inside.
select isnt(put(jsonb_build_object('name', 'ok' || row_number() over (), 'tasks', jsonb_build_object('a', '{"type": "t"}'::jsonb, 'b', task))::text), null, format('good: %s', task))
from unnest(array['{"type": "t", "payload": {}}', '{"wait": "10m"}', '{"wait": 0.001}', '{"wait_for": "x", "timeout": "3660 days"}', '{"workflow": "w", "needs": "a", "input": "a.x"}', '{"workflow": "w", "input": {"x": 1}}',
  '{"type": "t", "needs": "a", "for_each": "a", "concurrency": 1}', '{"type": "t", "for_each": "input", "concurrency": 10000}', '{"type": "t", "needs": "a", "if": "$.a > 1", "when": "always"}',
  '{"type": "t", "priority": 4, "timeout": "366 days", "retry": {"max_attempts": 100, "backoff": {"kind": "exponential"}}}', '{"type": "t", "needs": []}']::jsonb[]) task;
select is(put(jsonb_build_object('name', 'wide', 'tasks', (select jsonb_object_agg('t' || n, '{"type": "t"}'::jsonb) from generate_series(1, 20000) n))::text), '1', 'twenty thousand tasks');

select * from finish();
rollback;
