\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- The definition of a task as it is stored; or what is wrong with it, and what to do.
create function tap.defined(given text, name text default 'b', defaults jsonb default '{}') returns text language plpgsql as $$
declare
  hint text;
begin
  return faultline._spec_task(name, given::jsonb, defaults);
exception when sqlstate 'FL004' then
  get stacked diagnostics hint = pg_exception_hint;
  return format('%s (%s)', sqlerrm, hint);
end
$$;

-- Its name.
select is(defined('{"wait": 1}', name), '{"kind": "wait", "wait": "00:00:01", "when": "success", "needs": []}', 'a name: ' || left(name, 10))
from unnest(array['a', 'A-Za-z0-9_.:-', 'inputs', 'my.input', repeat('x', 128)]) name;
select is(defined('{"wait": 1}', name), said, 'no name: ' || left(name, 10))
from (values
  (repeat('x', 129), 'tasks: ''' || repeat('x', 129) || ''' is not a name (A task''s name has 1 to 128 characters of A-Z a-z 0-9 _ . : -)'),
  (repeat('y', 200), 'tasks: ''' || repeat('y', 140) || ''' is not a name (A task''s name has 1 to 128 characters of A-Z a-z 0-9 _ . : -)'),
  ('a b', 'tasks: ''a b'' is not a name (A task''s name has 1 to 128 characters of A-Z a-z 0-9 _ . : -)'),
  ('', 'tasks: '''' is not a name (A task''s name has 1 to 128 characters of A-Z a-z 0-9 _ . : -)'),
  ('input', 'tasks.input: no task can be called input (input is the input of the run)'),
  ('input.x', 'tasks.input.x: no task can be called input.x (input is the input of the run)')) v (name, said);

-- What it is, and what each of these may have.
select is(defined(given)::jsonb, definition::jsonb || '{"needs": [], "when": "success"}', 'good: ' || given)
from (values
  ('{"type": "t"}', '{"kind": "job", "type": "t", "payload": {}}'),
  ('{"type": "t", "payload": {"x": 1}, "description": "d", "queue": "q", "priority": 1, "timeout": 5, "retry": {"max_attempts": 2}}',
   '{"kind": "job", "type": "t", "payload": {"x": 1}, "queue": "q", "priority": 1, "timeout": 5, "max_attempts": 2}'),
  ('{"type": "t", "description": null, "priority": null}', '{"kind": "job", "type": "t", "payload": {}}'),
  ('{"wait": "10m"}', '{"kind": "wait", "wait": "00:10:00"}'),
  ('{"wait": 0.001}', '{"kind": "wait", "wait": "00:00:00.001"}'),
  ('{"wait": "3660 days"}', '{"kind": "wait", "wait": "3660 days"}'),
  ('{"wait_for": "s"}', '{"kind": "signal", "signal": "s"}'),
  ('{"wait_for": "s", "timeout": null}', '{"kind": "signal", "signal": "s"}'),
  ('{"wait_for": "s", "timeout": 0.001}', '{"kind": "signal", "signal": "s", "timeout": "00:00:00.001"}'),
  ('{"wait_for": "s", "timeout": "3660 days"}', '{"kind": "signal", "signal": "s", "timeout": "3660 days"}'),
  ('{"workflow": "w"}', '{"kind": "workflow", "workflow": "w"}'),
  ('{"workflow": "w", "input": {"x": 1}}', '{"kind": "workflow", "workflow": "w", "input": {"x": 1}}'),
  ('{"workflow": "w", "input": "input.x"}', '{"kind": "workflow", "workflow": "w", "input": "input.x"}'),
  ('{"workflow": "w", "for_each": "input", "input": {}}', '{"kind": "workflow", "workflow": "w", "for_each": "input", "input": {}}'),
  ('{"type": "t", "for_each": "input.l", "concurrency": 1}', '{"kind": "job", "type": "t", "payload": {}, "for_each": "input.l", "concurrency": 1}'),
  ('{"type": "t", "for_each": "input.l", "concurrency": 10000}', '{"kind": "job", "type": "t", "payload": {}, "for_each": "input.l", "concurrency": 10000}'),
  ('{"type": "t", "for_each": "input.l", "concurrency": 3.0}', '{"kind": "job", "type": "t", "payload": {}, "for_each": "input.l", "concurrency": 3}')) v (given, definition);
select is(defined('{"type": "t", "priority": 1}', 'b', '{"queue": "q", "priority": 4}')::jsonb,
  '{"kind": "job", "type": "t", "payload": {}, "queue": "q", "priority": 1, "when": "success", "needs": []}', 'the defaults, and what the task says before them');
select is(defined('{"wait": 1}', 'b', '{"queue": "q"}')::jsonb, '{"kind": "wait", "wait": "00:00:01", "when": "success", "needs": []}', 'they are those of jobs');
select is(defined(format('{"%s": "%s"}', kind, repeat('x', 128)))::jsonb ->> field, repeat('x', 128), 'the longest name: ' || kind)
from (values ('type', 'type'), ('wait_for', 'signal'), ('workflow', 'workflow')) v (kind, field);

-- What it needs, and when it runs.
select is(defined(given)::jsonb - '{kind,type,payload}'::text[], definition::jsonb, 'good: ' || given)
from (values
  ('{"type": "t", "needs": "a"}', '{"needs": ["a"], "when": "success"}'),
  ('{"type": "t", "needs": ["a", "c"]}', '{"needs": ["a", "c"], "when": "success"}'),
  ('{"type": "t", "depends_on": ["c", "a"]}', '{"needs": ["c", "a"], "when": "success"}'),
  ('{"type": "t", "depends_on": "a", "when": "success"}', '{"needs": ["a"], "when": "success"}'),
  ('{"type": "t", "when": "always"}', '{"needs": [], "when": "always"}'),
  ('{"type": "t", "needs": "a", "when": "failure"}', '{"needs": ["a"], "when": "failure"}'),
  ('{"type": "t", "needs": ["a", "c"], "if": "$.a > 1 && $.\"c\".x == 1"}', '{"needs": ["a", "c"], "when": "success", "if": "$.a > 1 && $.\"c\".x == 1"}'),
  ('{"type": "t", "if": "$.input.x > 1"}', '{"needs": [], "when": "success", "if": "$.input.x > 1"}'),
  ('{"type": "t", "if": "$.\"input\".x == \"$.other\""}', '{"needs": [], "when": "success", "if": "$.\"input\".x == \"$.other\""}'),
  ('{"type": "t", "if": "$.\"\" == 1"}', '{"needs": [], "when": "success", "if": "$.\"\" == 1"}'),
  ('{"type": "t", "if": "$.size() > 1"}', '{"needs": [], "when": "success", "if": "$.size() > 1"}'),
  ('{"type": "t", "needs": "a.b", "for_each": "a.b.x"}', '{"needs": ["a.b"], "when": "success", "for_each": "a.b.x"}')) v (given, definition);

-- Each error, with the place.
select is(defined(given), 'tasks.b' || said, 'bad: ' || left(given, 60))
from (values
  ('{"typ": "t"}', ': it has the unknown key ''typ'' (Its keys: type, payload, needs, depends_on, when, if, for_each, concurrency, wait, wait_for, workflow, input, queue, priority, timeout, retry, description)'),
  ('{"type": "t", "description": 5}', '.description: it is not a text (What the task is for)'),
  ('{}', ': it does not say what it is (Exactly one of type (a job), workflow (another workflow), wait (a timer), wait_for (a signal))'),
  ('{"workflow": "w", "wait": 1, "type": "t"}', ': it is type and wait and workflow (Exactly one of type (a job), workflow (another workflow), wait (a timer), wait_for (a signal))'),
  ('{"type": "t", "needs": "a", "depends_on": "a"}', ': it has both needs and depends_on (They are two names of one thing: keep one)'),
  ('{"type": "t", "needs": {"a": 1}}', '.needs: it is neither a task nor a list of tasks (needs: extract, or needs: [extract, clean])'),
  ('{"type": "t", "depends_on": null}', '.needs: it is neither a task nor a list of tasks (needs: extract, or needs: [extract, clean])'),
  ('{"type": "t", "needs": ["a", 1]}', '.needs: 1 is not the name of a task (needs: [extract, clean])'),
  ('{"type": "t", "needs": [["' || repeat('x', 200) || '"]]}', '.needs: ["' || repeat('x', 98) || ' is not the name of a task (needs: [extract, clean])'),
  ('{"type": "t", "needs": ["a", "b"]}', '.needs: it needs itself (A task needs others)'),
  ('{"type": "t", "needs": ["a", "c", "a"]}', '.needs: it names a task twice (Once is enough)'),
  ('{"type": "t", "when": null}', '.when: null is not one of success, failure, always (when: success is the default)'),
  ('{"type": "t", "when": "' || repeat('x', 200) || '"}', '.when: "' || repeat('x', 99) || ' is not one of success, failure, always (when: success is the default)'),
  ('{"type": "t", "when": "failure"}', '.when: it waits for a failure of what it needs, and needs nothing (Name in needs what may fail)'),
  ('{"type": "t", "if": 5}', '.if: 5 is not a condition (An SQL/JSON path that is true or false of the results of what it needs, as $.stats.rows > 0)'),
  ('{"type": "t", "if": "$x > 1"}', '.if: "$x > 1" is not a condition (An SQL/JSON path that is true or false of the results of what it needs, as $.stats.rows > 0)'),
  ('{"type": "t", "if": "' || repeat('>', 300) || '"}', '.if: "' || repeat('>', 199) || ' is not a condition (An SQL/JSON path that is true or false of the results of what it needs, as $.stats.rows > 0)'),
  ('{"type": "t", "needs": "a", "if": "$.a > 1 && $.z > 1 && $.\"y y\" > 1"}', '.if: it looks at z, which it does not need (Name it in needs, or write $.input for the run''s input)'),
  ('{"type": "t", "needs": "a", "if": "$.a > 1 && $.\"y y\" > 1 && $.z > 1"}', '.if: it looks at y y, which it does not need (Name it in needs, or write $.input for the run''s input)'),
  ('{"type": "t", "if": "$.' || repeat('x', 200) || ' > 1"}', '.if: it looks at ' || repeat('x', 140) || ', which it does not need (Name it in needs, or write $.input for the run''s input)'),
  ('{"type": "t", "input": {}}', '.input: only a workflow as a task has an input (A job has a payload)'),
  ('{"workflow": "w", "input": "a"}', '.input: "a" is neither input nor a task that it needs, nor a place in one of them (input: extract, or extract.rows, or input.files)'),
  ('{"workflow": "w", "for_each": "a", "input": {}}', '.for_each: "a" is neither input nor a task that it needs, nor a place in one of them (for_each: extract, or extract.rows, or input.files)'),
  ('{"type": "t", "for_each": ["' || repeat('x', 300) || '"]}', '.for_each: ["' || repeat('x', 198) || ' is neither input nor a task that it needs, nor a place in one of them (for_each: extract, or extract.rows, or input.files)'),
  -- 5 is the name of a task, and no text.
  ('{"type": "t", "needs": "5", "for_each": 5}', '.for_each: 5 is neither input nor a task that it needs, nor a place in one of them (for_each: extract, or extract.rows, or input.files)'),
  ('{"wait": "1s", "for_each": "input"}', '.for_each: only a job or a workflow can run for each element (Put the wait before it)'),
  ('{"wait_for": "s", "for_each": "input"}', '.for_each: only a job or a workflow can run for each element (Put the wait before it)'),
  ('{"type": "t", "concurrency": 1}', '.concurrency: there is no for_each (It bounds how many elements run at once)'),
  ('{"type": "t", "for_each": "input", "concurrency": 0}', '.concurrency: 0 is out of bounds (A whole number from 1 to 10000)'),
  ('{"type": "t", "for_each": "input", "concurrency": 10001}', '.concurrency: 10001 is out of bounds (A whole number from 1 to 10000)'),
  ('{"type": "t", "for_each": "input", "concurrency": 1.5}', '.concurrency: 1.5 is out of bounds (A whole number from 1 to 10000)'),
  ('{"type": "t", "for_each": "input", "concurrency": "3"}', '.concurrency: "3" is out of bounds (A whole number from 1 to 10000)'),
  ('{"type": "t", "for_each": "input", "concurrency": null}', '.concurrency: null is out of bounds (A whole number from 1 to 10000)'),
  ('{"type": "t", "for_each": "input", "concurrency": "' || repeat('3', 200) || '"}', '.concurrency: "' || repeat('3', 99) || ' is out of bounds (A whole number from 1 to 10000)'),
  ('{"type": 1}', '.type: 1 is not a name (The type of job that a handler runs)'),
  ('{"type": "a b"}', '.type: "a b" is not a name (The type of job that a handler runs)'),
  ('{"type": "' || repeat('x', 129) || '"}', '.type: "' || repeat('x', 129) || '" is not a name (The type of job that a handler runs)'),
  ('{"type": "' || repeat('x', 200) || '"}', '.type: "' || repeat('x', 139) || ' is not a name (The type of job that a handler runs)'),
  ('{"type": "t", "payload": [1]}', '.payload: it is not an object but of type array (payload: {table: orders})'),
  ('{"type": "t", "payload": null}', '.payload: it is not an object but of type null (payload: {table: orders})'),
  ('{"wait": 1, "payload": {}}', ': wait is no job: it has no payload, queue, priority or retry (Leave them out)'),
  ('{"wait_for": "s", "queue": "q"}', ': wait_for is no job: it has no payload, queue, priority or retry (Leave them out)'),
  ('{"workflow": "w", "priority": 1}', ': workflow is no job: it has no payload, queue, priority or retry (Leave them out)'),
  ('{"wait": 1, "retry": {}}', ': wait is no job: it has no payload, queue, priority or retry (Leave them out)'),
  ('{"workflow": "w", "timeout": "1s"}', '.timeout: workflow has no timeout (A job and a wait_for may have one)'),
  ('{"wait": 1, "timeout": "1s"}', '.timeout: wait has no timeout (A job and a wait_for may have one)'),
  ('{"wait": null}', '.wait: it is null (wait: 10m)'),
  ('{"wait": 0.0009}', '.wait: 00:00:00.0009 is out of bounds (It lies between 00:00:00.001 and 3660 days)'),
  ('{"wait": "3660 days 1 ms"}', '.wait: 3660 days 00:00:00.001 is out of bounds (It lies between 00:00:00.001 and 3660 days)'),
  ('{"wait_for": 1}', '.wait_for: 1 is not the name of a signal (wait_for: approval)'),
  ('{"wait_for": "a b"}', '.wait_for: "a b" is not the name of a signal (wait_for: approval)'),
  ('{"wait_for": "' || repeat('x', 129) || '"}', '.wait_for: "' || repeat('x', 129) || '" is not the name of a signal (wait_for: approval)'),
  ('{"wait_for": "' || repeat('x', 200) || '"}', '.wait_for: "' || repeat('x', 139) || ' is not the name of a signal (wait_for: approval)'),
  ('{"wait_for": "s", "timeout": 0.0009}', '.timeout: 00:00:00.0009 is out of bounds (It lies between 00:00:00.001 and 3660 days)'),
  ('{"wait_for": "s", "timeout": "3660 days 1 ms"}', '.timeout: 3660 days 00:00:00.001 is out of bounds (It lies between 00:00:00.001 and 3660 days)'),
  ('{"workflow": 1}', '.workflow: 1 is not the name of a workflow (workflow: nightly-report)'),
  ('{"workflow": "a b"}', '.workflow: "a b" is not the name of a workflow (workflow: nightly-report)'),
  ('{"workflow": "' || repeat('x', 129) || '"}', '.workflow: "' || repeat('x', 129) || '" is not the name of a workflow (workflow: nightly-report)'),
  ('{"workflow": "' || repeat('x', 200) || '"}', '.workflow: "' || repeat('x', 139) || ' is not the name of a workflow (workflow: nightly-report)')) v (given, said);
select is(defined(jsonb_build_object('type', 't', 'payload', jsonb_build_object('x', repeat('x', 262135)))::text)::jsonb ->> 'kind', 'job', 'the largest payload');
select is(defined(jsonb_build_object('type', 't', 'payload', jsonb_build_object('x', repeat('x', 262136)))::text), 'tasks.b.payload: it has 262145 bytes as text (At most 262144 (256 KiB))', 'a larger one');

select * from finish();
rollback;
