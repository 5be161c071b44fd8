\ir ../../support/workflows.sql

begin;
select * from no_plan();

-- The result of a child: those of its tasks that succeeded and that nothing in its version needs, a for_each once, by its own name.
select faultline.put_workflow('{"name": "child", "tasks": {"m": {"type": "t"}, "n": {"type": "t"}, "s": {"type": "t"}}}'),
  faultline.put_workflow('{"name": "child", "tasks": {"m": {"type": "t", "for_each": "input.l"}, "n": {"type": "t"}, "s": {"type": "t", "needs": "n", "if": "$.input.x == 1"}}}'),
  faultline.put_workflow('{"name": "a", "tasks": {"n": {"type": "t"}, "m": {"type": "t"}, "s": {"type": "t"}}}') \g /dev/null
create function tap.result_of(x int) returns jsonb language plpgsql as $$
declare
  run constant bigint := begun('{"c": {"workflow": "child"}}', jsonb_build_object('l', '["p", "q"]'::jsonb, 'x', x), 'parent');
  child constant bigint := (task(run, 'c')).child_run_id;
begin
  perform task_ends(child, 'm[1]', 'succeeded', '"Q"'), task_ends(child, 'm[0]', 'succeeded', '"P"'), task_ends(child, 'n', 'succeeded', '"N"');
  if x = 1 then
    perform task_ends(child, 's', 'succeeded', '"S"');
  end if;
  return (task(run, 'c')).result;
end
$$;
select is(result_of(1), '{"m": ["P", "Q"], "s": "S"}', 'the results of its last tasks');
select is(result_of(2), '{"m": ["P", "Q"]}', 'not of one that was skipped');
select faultline.put_workflow('{"name": "idle", "tasks": {"x": {"type": "t", "if": "$.input.x == 1"}}}') \g /dev/null
select is((t.state, t.result, t.error), ('succeeded'::text, '{}'::jsonb, null::jsonb), 'if none of them ran, an empty object') from task(begun('{"c": {"workflow": "idle"}}'), 'c') t;

-- The error of a child: of the first of its tasks that failed, in the order of the workflow, and of no other run.
select faultline.put_workflow('{"name": "a", "tasks": {"x": {"workflow": "idle", "for_each": "input.l"}, "y": {"workflow": "idle", "for_each": "input.l"}}}'),
  faultline.put_workflow('{"name": "pair", "tasks": {"x": {"workflow": "idle", "for_each": "input.l"}, "y": {"workflow": "idle", "for_each": "input.l"}}}'),
  faultline.put_workflow('{"name": "pair", "tasks": {"a": {"workflow": "idle"}, "x": {"type": "t"}, "y": {"type": "t", "needs": "x", "when": "always"}}}') \g /dev/null
create function tap.cause_of(x jsonb, y jsonb) returns jsonb language plpgsql as $$
declare
  run constant bigint := begun('{"c": {"workflow": "pair"}}', '{"l": []}', 'parent');
  child constant bigint := (task(run, 'c')).child_run_id;
  name text;
  given jsonb;
begin
  for name, given in values ('x', x), ('y', y) loop
    if given is null then
      perform task_ends(child, name);
    else
      perform faultline.fail_job(task_job(child, name), task_claimed(child, name), given, retryable => false);
    end if;
  end loop;
  assert ((task(run, 'c')).error -> 'cause' ->> 'run_id')::bigint = child, 'the cause is a task of another run';
  return (task(run, 'c')).error -> 'cause' #- '{run_id}';
end
$$;
select is(cause_of(x, y), expected, format('%s and %s', left(x::text, 50), left(y::text, 50)))
from (values
  ('{"type": "X"}'::jsonb, '{"type": "Y"}'::jsonb, '{"task": "x", "type": "X"}'::jsonb),
  (null, '{"type": "Y", "message": "m"}', '{"task": "y", "type": "Y", "message": "m"}'),
  ('{"type": "RunFailed", "cause": {"task": "z"}, "first": {"type": "Z"}}', null, '{"task": "x", "type": "RunFailed"}'),
  (jsonb_build_object('type', repeat('t', 99) || 'u', 'message', repeat('m', 299) || 'n'), null, jsonb_build_object('task', 'x', 'type', repeat('t', 99) || 'u', 'message', repeat('m', 299) || 'n')),
  (jsonb_build_object('type', repeat('t', 99) || 'uv', 'message', repeat('m', 299) || 'no'), null, jsonb_build_object('task', 'x', 'type', repeat('t', 99) || 'u', 'message', repeat('m', 299) || 'n'))) v (x, y, expected);

select begun('{"c": {"workflow": "late"}}', '{}', 'parent') as run
from (select faultline.put_workflow('{"name": "late", "tasks": {"z": {"type": "t"}, "aa": {"type": "t", "needs": "z", "when": "always"}}}')) p \gset
select (task(:run, 'c')).child_run_id as child \gset
select task_ends(:child, 'z', 'failed'), task_ends(:child, 'aa', 'failed') \g /dev/null
select is((task(:run, 'c')).error -> 'cause' ->> 'task', 'z', 'the first in the order of the workflow');

-- A for_each says why its first element failed, in its own words, whatever way the planner finds to it; or why it could not begin.
select faultline.put_workflow('{"name": "each", "tasks": {"m": {"type": "t", "for_each": "input.l"}}}'), faultline.put_workflow('{"name": "none", "tasks": {"m": {"type": "t"}, "n": {"type": "t", "needs": "m", "for_each": "m"}}}') \g /dev/null
select begun('{"c": {"workflow": "each"}}', '{"l": [1, 2]}', 'parent') as run \gset
select (task(:run, 'c')).child_run_id as child \gset
set local enable_indexscan = off;
discard plans;
select task_ends(:child, 'm[0]'), faultline.fail_job(task_job(:child, 'm[1]'), task_claimed(:child, 'm[1]'), '{"type": "E", "message": "broken", "first": {"type": "F"}}', retryable => false) \g /dev/null
select is((task(:run, 'c')).error -> 'cause', jsonb_build_object('run_id', :child, 'task', 'm', 'type', 'E', 'message', 'broken'), 'of an element');
reset enable_indexscan;
discard plans;
select begun('{"c": {"workflow": "none"}}', '{}', 'parent') as run \gset
select (task(:run, 'c')).child_run_id as child \gset
select task_ends(:child, 'm', 'succeeded', '7') \g /dev/null
select is((task(:run, 'c')).error ->> 'message', format('task n of run %s failed: ForEachError: for_each: m is no list but of type number', :child), 'of the list');

-- A child of a child that can't begin is the cause itself; one that began says its own.
select faultline.put_workflow('{"name": "outer", "tasks": {"i": {"workflow": "nowhere"}}}') \g /dev/null
select is((task(run, 'c')).error -> 'cause', jsonb_build_object('run_id', (task(run, 'c')).child_run_id, 'task', 'i', 'type', 'WorkflowError', 'message', 'there is no workflow nowhere'), 'no run, no cause of it')
from begun('{"c": {"workflow": "outer"}}', '{}', 'parent') run;

-- What follows happens in the parent, for the element that the child was; the turns are those of what begins there.
select begun('{"c": {"workflow": "pair", "for_each": "input.l"}, "d": {"workflow": "idle", "needs": "c", "when": "always"}}', '{"l": [{"l": []}, {"l": []}]}', 'parent') as run \gset
select (task(:run, 'c', 1)).child_run_id as child \gset
select task_ends(:child, 'x'), task_ends(:child, 'y') \g /dev/null
select is(tasks(:run), 'c running, c[0] running, c[1] succeeded, d waiting', 'one element');
update faultline.runs set state = 'cancelled', finished_at = now() where run_id = (task(:run, 'c', 0)).child_run_id;
update faultline.tasks set state = 'cancelled', finished_at = now() where run_id = (task(:run, 'c', 0)).child_run_id;
select is(faultline._child_ended(r), array[currval('faultline.runs_run_id_seq')], 'the turn is of a child that begins') from faultline.runs r where r.run_id = (task(:run, 'c', 0)).child_run_id;
select is(tasks(:run), 'c failed, c[0] failed, c[1] succeeded, d running', 'and then the other');

select * from finish();
rollback;
