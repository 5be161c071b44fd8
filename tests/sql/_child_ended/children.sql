\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- A workflow as a task: its result is that of the tasks that nothing needs.
select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}, "y": {"type": "t", "needs": "x"}, "v": {"type": "t"}}}') \g /dev/null
select begun('{"a": {"type": "t"}, "c": {"workflow": "child", "needs": "a"}, "z": {"type": "t", "needs": "c"}}', '{"i": 1}', 'parent') as run \gset
select task_ends(:run, 'a') \g /dev/null
select (task(:run, 'c')).child_run_id as child \gset
select is(tasks(:run) || '; ' || tasks(:child), 'a succeeded, c running, z waiting; v queued, x queued, y waiting', 'the child begins');
select is((r.parent_run_id, r.parent_task, r.parent_item, r.root_run_id, r.depth, r.input), (:run::bigint, 'c'::text, -1, :run::bigint, 1, '{"i": 1}'::jsonb), 'with the input of its parent')
from faultline.runs r where run_id = :child;
select task_ends(:child, 'x', 'succeeded', '1'), task_ends(:child, 'v') \g /dev/null
select is(task_ends(:child, 'y', 'succeeded', '2') || ': ' || run_is(:child) || ': ' || tasks(:run), 'ok: succeeded: a succeeded, c succeeded, z queued', 'it ends, and its task with it');
select is((task(:run, 'c')).result, '{"y": 2, "v": null}', 'its result');

-- Its input; and a child that fails.
create function tap.input_of(given jsonb) returns jsonb language plpgsql as $$
declare
  run constant bigint := begun(jsonb_build_object('c', '{"workflow": "child"}'::jsonb || jsonb_build_object('input', given)), '{"o": {"k": 1}, "n": 5}');
begin
  return (select r.input from faultline.runs r where r.parent_run_id = run);
end
$$;
select is(input_of(given), expected, format('input: %s', given))
from (values ('{"own": true}'::jsonb, '{"own": true}'::jsonb), ('"input.o"', '{"k": 1}'), ('"input.n"', '{"item": 5}'), ('"input.none"', '{"item": null}')) v (given, expected);
select begun('{"c": {"workflow": "child"}, "z": {"type": "t", "needs": "c"}}', '{}', 'parent') as run \gset
select (task(:run, 'c')).child_run_id as child \gset
select task_ends(:child, 'x', 'failed'), task_ends(:child, 'v') \g /dev/null
select is(tasks(:run) || ': ' || run_is(:run), 'c failed, z skipped: failed', 'its failure is its task''s');
select is((task(:run, 'c')).error, jsonb_build_object('type', 'RunFailed', 'message', format('task x of run %s failed: E: broken', :child),
    'cause', jsonb_build_object('run_id', :child, 'task', 'x', 'type', 'E', 'message', 'broken')), 'and says what failed, and why');
select begun('{"c": {"workflow": "child"}}', '{}', 'parent') as run \gset
select (task(:run, 'c')).child_run_id as child \gset
select task_ends(:child, 'v'), task_ends(:child, 'x', 'cancelled') \g /dev/null
select is((task(:run, 'c')).error ->> 'message', format('task x of run %s was cancelled', :child), 'or was cancelled');


-- Why, through a for_each; and nothing that a handler says of itself is taken for it.
select faultline.put_workflow('{"name": "inner", "tasks": {"x": {"type": "t"}}}'), faultline.put_workflow('{"name": "middle", "tasks": {"m": {"workflow": "inner", "for_each": "input.l"}}}') \g /dev/null
select begun('{"c": {"workflow": "middle"}}', '{"l": [1]}') as run \gset
select max(run_id) as inner from faultline.runs where root_run_id = :run \gset
select is(faultline.fail_job(task_job(:inner, 'x'), task_claimed(:inner, 'x'), jsonb_build_object('type', 'RunFailed', 'message', repeat('m', 400), 'cause', 5, 'first', 6), retryable => false), 'ok', 'it fails in its own words');
select is((task(:run, 'c')).error, jsonb_build_object('type', 'RunFailed', 'message', format('task x of run %s failed: RunFailed: %s', :inner, repeat('m', 300)),
    'cause', jsonb_build_object('run_id', :inner, 'task', 'x', 'type', 'RunFailed', 'message', repeat('m', 300))), 'two runs up');

-- What can't begin.
select is((task(begun('{"c": {"workflow": "none"}}'), 'c')).error, '{"type": "WorkflowError", "message": "there is no workflow none"}', 'no such workflow');
select faultline.put_workflow('{"name": "itself", "tasks": {"c": {"workflow": "itself"}}}') \g /dev/null
select faultline.trigger_workflow('itself') as run \gset
select is((task(max(run_id), 'c')).error ->> 'message', 'workflows in workflows are more than 10 deep', 'one that holds itself ends') from faultline.runs where root_run_id = :run;
select is((task(:run, 'c')).error ->> 'message', format('task c of run %s failed: WorkflowError: workflows in workflows are more than 10 deep', max(run_id)), 'and the first one says why') from faultline.runs where root_run_id = :run;
select is((count(*), count(*) filter (where state = 'failed')), (11::bigint, 11::bigint), 'all eleven have failed') from faultline.runs where root_run_id = :run;
select begun(jsonb_build_object('a', '{"type": "t"}'::jsonb, 'c', '{"workflow": "child", "needs": "a", "input": "a"}'::jsonb)) as run \gset
update faultline.tasks set result = to_jsonb(repeat('x', 262144)) where run_id = :run and name = 'a';
select task_ends(:run, 'a', 'succeeded', to_jsonb(repeat('x', 262142))) \g /dev/null
select is((task(:run, 'c')).error ->> 'message', 'the input of child has 262154 bytes, more than 262144', 'an input that is too large');

-- For each element a child; ten thousand that end as soon as they begin; room that failures leave.
select faultline.put_workflow('{"name": "empty", "tasks": {"m": {"type": "t", "for_each": "input.item"}}}') \g /dev/null
select begun('{"c": {"workflow": "empty", "for_each": "input.l"}, "z": {"type": "t", "needs": "c"}}', (select jsonb_build_object('l', jsonb_agg('[]'::jsonb)) from generate_series(1, 2000)), 'many') as run \gset
select is((task(:run, 'c')).state || ', z ' || (task(:run, 'z')).state, 'succeeded, z queued', 'two thousand children that have nothing to do');
select begun('{"c": {"workflow": "child", "for_each": "input.l", "concurrency": 1}}', '{"l": [{"n": 1}, 2]}', 'parent') as run \gset
select is(tasks(:run), 'c running, c[0] running, c[1] waiting', 'one at once');
select task_ends(run_id, 'v'), task_ends(run_id, 'x', 'failed') from faultline.runs where parent_run_id = :run \g /dev/null
select is(tasks(:run), 'c running, c[0] failed, c[1] running', 'then the next');
select results_eq(format('select input from faultline.runs where parent_run_id = %s order by run_id', :run), $$values ('{"n": 1}'::jsonb), ('{"item": 2}')$$, 'each has its element as its input');
select is(tasks(begun('{"c": {"workflow": "none", "for_each": "input.l", "concurrency": 1}}', '{"l": [1, 2, 3]}')), 'c failed, c[0] failed, c[1] failed, c[2] failed', 'items that can''t begin leave their room');

-- Results that are too much together: 16 MiB is the most that they may have as text.
select faultline.put_workflow('{"name": "large", "tasks": {"m": {"type": "t"}}}') \g /dev/null
insert into faultline.workflow_tasks select workflow, version, 'n' || n, 1, definition, '{}' from faultline.workflow_tasks, generate_series(101, 1200) n where workflow = 'large';
create function tap.ends_with(many int, spare int) returns text language plpgsql volatile security definer as $$
declare
  run constant bigint := tap.begun('{"c": {"workflow": "large"}}', '{}', 'parent');
  child constant bigint := (tap.task(run, 'c')).child_run_id;
begin
  delete from faultline.jobs_live j where j.run_id = child and j.task <> 'm';
  delete from faultline.tasks t where t.run_id = child and t.name <> 'm';
  insert into faultline.tasks (run_id, name, ordinal, state, finished_at, result) select child, 'n' || n, 1, 'succeeded', now(), to_jsonb(repeat('x', 261988)) from generate_series(101, 100 + many) n;
  perform tap.task_ends(child, 'm', 'succeeded', to_jsonb(repeat('x', 16777216 - 64 * 262000 - 9 + spare)));
  return coalesce((tap.task(run, 'c')).error ->> 'message', octet_length((tap.task(run, 'c')).result::text)::text);
end
$$;
select is(ends_with(64, 0), '16777216', 'the largest results of a child');
select matches(ends_with(64, 1), 'the results of the last tasks of run [0-9]+ have more than 16777216 bytes as text \(16 MiB\)\. Store the data elsewhere and return references', 'larger ones');
select matches(ends_with(1100, 0), 'more than 16777216', 'more than a jsonb can hold is no more than that, either');
select max(run_id) - 1 as run, max(run_id) as child from faultline.runs \gset
select is(operate(format('select faultline.resume_run(%s)', :run)) || ': ' || tasks(:run), 'running: c running', 'resumed, it starts anew');
select isnt((task(:run, 'c')).child_run_id, :child::bigint, 'as another run');

select * from finish();
rollback;
