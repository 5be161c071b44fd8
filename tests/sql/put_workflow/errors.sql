\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- One clear error each, with the place, and nothing is stored.
create function tap.refused_spec(spec jsonb, message text, hint text) returns text language sql
as $$ select refused('faultline_operator', format('select faultline.put_workflow(%L)', spec), 'FL004', message, hint) $$;
select refused_spec(spec::jsonb, message, hint)
from (values
  (null, 'the workflow: it is not an object but missing', 'Its keys: name, description, defaults, tasks'),
  ('[]', 'the workflow: it is not an object but of type array', 'Its keys: name, description, defaults, tasks'),
  ('{"name": "w", "task": {}}', 'the workflow: it has the unknown key ''task''', 'Its keys: name, description, defaults, tasks'),
  ('{"tasks": {"a": {"type": "t"}}}', 'name: it is missing, or not a text', 'name: nightly-report'),
  ('{"name": 5, "tasks": {"a": {"type": "t"}}}', 'name: it is missing, or not a text', 'name: nightly-report'),
  ('{"name": "w", "description": [], "tasks": {"a": {"type": "t"}}}', 'description: it is not a text', 'What the workflow is for'),
  ('{"name": "w"}', 'tasks: there are none', 'tasks: {extract: {type: extract}}'),
  ('{"name": "w", "tasks": {}}', 'tasks: there are none', 'tasks: {extract: {type: extract}}'),
  ('{"name": "w", "tasks": []}', 'tasks: there are none', 'tasks: {extract: {type: extract}}'),
  ('{"name": "w", "defaults": {"type": "t"}, "tasks": {"a": {"type": "t"}}}', 'defaults: it has the unknown key ''type''', 'Its keys: retry, timeout, queue, priority')) v (spec, message, hint);
select refused('faultline_operator', $$select faultline.put_workflow(jsonb_build_object('name', 'w', 'tasks', (select jsonb_object_agg('t' || n, '{"type": "t"}'::jsonb) from generate_series(1, 20001) n)))$$, 'FL004', 'tasks: there are 20001', 'At most 20000; for_each runs one task for many elements');
select refused('faultline_operator', $$select faultline.put_workflow(jsonb_build_object('name', 'w', 'description', repeat('x', 4194304), 'tasks', '{}'::jsonb))$$, 'FL004', 'the workflow has 4194349 bytes as text', 'At most 4194304 (4 MiB)');

-- The graph.
create function tap.refused_tasks(tasks jsonb, message text, hint text) returns text language sql
as $$ select refused_spec(jsonb_build_object('name', 'w', 'tasks', tasks), message, hint) $$;
select refused_tasks(tasks::jsonb, message, hint)
from (values
  ('{"a": {"type": "t", "needs": "b"}}', 'tasks.a.needs: there is no task ''b''', 'Name a task of this workflow'),
  ('{"a": {"type": "t", "needs": "a"}}', 'tasks.a.needs: it needs itself', 'A task needs others'),
  ('{"a": {"type": "t", "needs": ["b", "b"]}, "b": {"type": "t"}}', 'tasks.a.needs: it names a task twice', 'Once is enough'),
  ('{"a": {"type": "t", "needs": {}}}', 'tasks.a.needs: it is neither a task nor a list of tasks', 'needs: extract, or needs: [extract, clean]'),
  ('{"a": {"type": "t", "needs": [1]}}', 'tasks.a.needs: 1 is not the name of a task', 'needs: [extract, clean]'),
  ('{"a": {"type": "t", "needs": "b", "depends_on": "b"}, "b": {"type": "t"}}', 'tasks.a: it has both needs and depends_on', 'They are two names of one thing: keep one'),
  ('{"a": {"type": "t", "needs": "b"}, "b": {"type": "t", "needs": "a"}}', 'tasks: there is a cycle: a → b → a', 'A task can not need what needs it'),
  ('{"o": {"type": "t"}, "a": {"type": "t", "needs": ["o", "c"]}, "b": {"type": "t", "needs": "a"}, "c": {"type": "t", "needs": ["b", "o"]}, "z": {"type": "t", "needs": "c"}}', 'tasks: there is a cycle: a → c → b → a', 'A task can not need what needs it'),
  ('{"a b": {"type": "t"}}', 'tasks: ''a b'' is not a name', 'A task''s name has 1 to 128 characters of A-Z a-z 0-9 _ . : -'),
  ('{"": {"type": "t"}}', 'tasks: '''' is not a name', 'A task''s name has 1 to 128 characters of A-Z a-z 0-9 _ . : -'),
  ('{"größe": {"type": "t"}}', 'tasks: ''größe'' is not a name', 'A task''s name has 1 to 128 characters of A-Z a-z 0-9 _ . : -'),
  ('{"input": {"type": "t"}}', 'tasks.input: no task can be called input', 'input is the input of the run'),
  ('{"input.x": {"type": "t"}}', 'tasks.input.x: no task can be called input.x', 'input is the input of the run'),
  ('{"a": 1}', 'tasks.a: it is not an object but of type number', null)) v (tasks, message, hint);

-- What a condition may say, and whole numbers however they are written.
select isnt(faultline.put_workflow('{"name": "fine", "tasks": {"a": {"type": "t", "priority": 2.0, "retry": {"max_attempts": 3.0}},
  "b": {"type": "t", "needs": "a", "if": "$.a.price == \"$5\" && $.a.n > 1", "for_each": "a", "concurrency": 2.0}}}'), null, 'text in quotes is no variable, 2.0 is 2');
select is(definition ->> k, v, k) from (values ('a', 'priority', '2'), ('a', 'max_attempts', '3'), ('b', 'concurrency', '2')) x (t, k, v)
join faultline.workflow_tasks w on w.workflow = 'fine' and w.task = x.t;

-- One task.
create function tap.refused_task(task jsonb, message text, hint text) returns text language sql
as $$ select refused_tasks(jsonb_build_object('a', '{"type": "t"}'::jsonb, 'b', task), 'tasks.b' || message, hint) $$;
select refused_task(task::jsonb, message, hint)
from (values
  ('{"typ": "t"}', ': it has the unknown key ''typ''', null),
  ('{}', ': it does not say what it is', 'Exactly one of type (a job), workflow (another workflow), wait (a timer), wait_for (a signal)'),
  ('{"type": "t", "wait": "1s"}', ': it is type and wait', 'Exactly one of type (a job), workflow (another workflow), wait (a timer), wait_for (a signal)'),
  ('{"type": "t", "when": "never"}', '.when: "never" is not one of success, failure, always', 'when: success is the default'),
  ('{"type": "t", "when": null}', '.when: null is not one of success, failure, always', 'when: success is the default'),
  ('{"type": "t", "when": "failure"}', '.when: it waits for a failure of what it needs, and needs nothing', 'Name in needs what may fail'),
  ('{"type": "t", "if": 5}', '.if: 5 is not a condition', 'An SQL/JSON path that is true or false of the results of what it needs, as $.stats.rows > 0'),
  ('{"type": "t", "if": "$x > 1"}', '.if: "$x > 1" is not a condition', 'An SQL/JSON path that is true or false of the results of what it needs, as $.stats.rows > 0'),
  ('{"type": "t", "if": "$.a == 1 && $\"x\" > 1"}', '.if: "$.a == 1 && $\"x\" > 1" is not a condition', 'An SQL/JSON path that is true or false of the results of what it needs, as $.stats.rows > 0'),
  ('{"type": "t", "priority": -1000}', ': priority -1000 is out of bounds', '1, 2, 3 or 4; 1 runs first'),
  ('{"type": "t", "priority": -1001}', '.priority: -1001 is out of bounds', 'priority: 1 to 4; max_attempts: 1 to 100'),
  ('{"type": "t", "if": "$.x > 1"}', '.if: it looks at x, which it does not need', 'Name it in needs, or write $.input for the run''s input'),
  ('{"type": "t", "description": 5}', '.description: it is not a text', 'What the task is for'),
  ('{"type": "t", "if": "a >"}', '.if: "a >" is not a condition', 'An SQL/JSON path that is true or false of the results of what it needs, as $.stats.rows > 0'),
  ('{"type": "t", "for_each": "a.x"}', '.for_each: "a.x" is neither input nor a task that it needs, nor a place in one of them', 'for_each: extract, or extract.rows, or input.files'),
  ('{"type": "t", "for_each": ["a"]}', '.for_each: ["a"] is neither input nor a task that it needs, nor a place in one of them', 'for_each: extract, or extract.rows, or input.files'),
  ('{"workflow": "w", "input": "a"}', '.input: "a" is neither input nor a task that it needs, nor a place in one of them', 'input: extract, or extract.rows, or input.files'),
  ('{"type": "t", "input": {}}', '.input: only a workflow as a task has an input', 'A job has a payload'),
  ('{"wait": "1s", "for_each": "input"}', '.for_each: only a job or a workflow can run for each element', 'Put the wait before it'),
  ('{"type": "t", "concurrency": 1}', '.concurrency: there is no for_each', 'It bounds how many elements run at once'),
  ('{"type": "t", "for_each": "input", "concurrency": 0}', '.concurrency: 0 is out of bounds', 'A whole number from 1 to 10000'),
  ('{"type": "t", "for_each": "input", "concurrency": 10001}', '.concurrency: 10001 is out of bounds', 'A whole number from 1 to 10000'),
  ('{"type": "t", "for_each": "input", "concurrency": 1.5}', '.concurrency: 1.5 is out of bounds', 'A whole number from 1 to 10000'),
  ('{"type": "a b"}', '.type: "a b" is not a name', 'The type of job that a handler runs'),
  ('{"type": 1}', '.type: 1 is not a name', 'The type of job that a handler runs'),
  ('{"type": "t", "payload": [1]}', '.payload: it is not an object but of type array', 'payload: {table: orders}'),
  ('{"type": "t", "payload": null}', '.payload: it is not an object but of type null', 'payload: {table: orders}'),
  ('{"wait": "1s", "queue": "q"}', ': wait is no job: it has no payload, queue, priority or retry', 'Leave them out'),
  ('{"workflow": "w", "timeout": "1s"}', '.timeout: workflow has no timeout', 'A job and a wait_for may have one'),
  ('{"wait": null}', '.wait: it is null', 'wait: 10m'),
  ('{"wait": "soon"}', '.wait: "soon" is not a duration', 'Write "500ms", "10m" or "1 hour"'),
  ('{"wait": []}', '.wait: [] is not a duration', 'Write "500ms", "10m" or "1 hour"'),
  ('{"wait_for": "a b"}', '.wait_for: "a b" is not the name of a signal', 'wait_for: approval'),
  ('{"workflow": "a b"}', '.workflow: "a b" is not the name of a workflow', 'workflow: nightly-report'),
  ('{"type": "t", "retry": {"attempts": 1}}', '.retry: it has the unknown key ''attempts''', 'Its keys: max_attempts, backoff'),
  ('{"type": "t", "priority": "high"}', '.priority: "high" is not a whole number', 'priority: 1 to 4; max_attempts: 1 to 100'),
  ('{"type": "t", "retry": {"max_attempts": 1.5}}', '.retry.max_attempts: 1.5 is not a whole number', 'priority: 1 to 4; max_attempts: 1 to 100'),
  ('{"type": "t", "queue": 5}', '.queue: it is not a text', 'The name of a queue')) v (task, message, hint);
create function tap.message_of(task text) returns text language plpgsql as $$
begin
  perform faultline.put_workflow(jsonb_build_object('name', 'w', 'tasks', jsonb_build_object('b', task::jsonb)));
  return 'none';
exception when sqlstate 'FL004' then
  return sqlerrm;
end
$$;
select matches(message_of(task), pattern, 'a limit of jobs, with its place: ' || task)
from (values ('{"type": "t", "priority": 5}', '^tasks\.b: .*priority'), ('{"type": "t", "retry": {"max_attempts": 101}}', '^tasks\.b: .*max_attempts'),
  ('{"type": "t", "queue": "a b"}', '^tasks\.b: .*queue'), ('{"type": "t", "retry": {"backoff": {"kind": "x"}}}', '^tasks\.b: .*backoff'),
  ('{"wait": "3661 days"}', '^tasks\.b\.wait: '), ('{"type": "t", "timeout": "0s"}', '^tasks\.b\.timeout: ')) v (task, pattern);
select refused('faultline_operator', $$select faultline.put_workflow(jsonb_build_object('name', 'w', 'tasks', jsonb_build_object('b', jsonb_build_object('type', 't', 'payload', jsonb_build_object('x', repeat('x', 262136))))))$$, 'FL004',
  'tasks.b.payload: it has 262145 bytes as text', 'At most 262144 (256 KiB)');

select * from finish();
rollback;
