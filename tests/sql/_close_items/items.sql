\ir ../../support/workflows.sql

begin;
select * from no_plan();

-- Of this task in this run, and of no other: two of them in a run, another run of the same, another version.
select faultline.put_workflow('{"name": "w", "tasks": {"m": {"type": "t", "for_each": "input.l", "concurrency": 3}, "n": {"type": "t", "for_each": "input.l"}}}'),
  faultline.put_workflow('{"name": "v", "tasks": {"n": {"type": "t"}, "m": {"type": "t"}}}'), faultline.put_workflow('{"name": "v", "tasks": {"n": {"type": "t"}, "m": {"type": "t"}, "o": {"type": "t"}}}') \g /dev/null
select begun('{"m": {"type": "t", "for_each": "input.l", "concurrency": 1}, "n": {"type": "t", "for_each": "input.k"}}', '{"l": [1, 2], "k": [1, 2]}') as run \gset
select faultline.trigger_workflow('w', '{"l": [3, 4], "k": [3]}') as other \gset
select is(tasks(:run) || '; ' || tasks(:other), 'm running, m[0] queued, m[1] waiting, n running, n[0] queued, n[1] queued; m running, m[0] queued, m[1] waiting, n running, n[0] queued', 'they begin');
select task_ends(:other, 'n[0]', 'failed'), task_ends(:other, 'm[0]', 'failed') \g /dev/null
select is(task_ends(:run, 'n[1]') || ': ' || tasks(:run), 'ok: m running, m[0] queued, m[1] waiting, n running, n[0] queued, n[1] succeeded', 'the first element alone is enough to wait for');
select is(task_ends(:run, 'm[0]', 'succeeded', '"P"') || ': ' || tasks(:run), 'ok: m running, m[0] succeeded, m[1] queued, n running, n[0] queued, n[1] succeeded', 'another begins when one has ended');
select is(task_ends(:run, 'm[1]', 'succeeded', '"Q"') || ': ' || tasks(:run), 'ok: m succeeded, m[0] succeeded, m[1] succeeded, n running, n[0] queued, n[1] succeeded', 'over, whatever others have to do');
select is((task(:run, 'm')).result, '["P", "Q"]', 'with its own results');
select is(faultline.fail_job(task_job(:run, 'n[0]'), task_claimed(:run, 'n[0]'), '{"type": "N"}', retryable => false) || ': ' || tasks(:run), 'ok: m succeeded, m[0] succeeded, m[1] succeeded, n failed, n[0] failed, n[1] succeeded', 'the first element alone is enough to fail');
select is((t.error, t.result), ('{"type": "ForEachError", "message": "1 of its elements did not succeed, the first of them n[0]", "first": {"type": "N"}}'::jsonb, null::jsonb), 'with its own error') from task(:run, 'n') t;
select is(tasks(:other), 'm running, m[0] failed, m[1] queued, n failed, n[0] failed', 'nothing happens to another run');
select is((task(:other, 'n')).error ->> 'message', '1 of its elements did not succeed, the first of them n[0]', 'which counts its own');

-- Results in the order of the elements, whatever way the planner finds to them.
set local enable_indexscan = off;
set local random_page_cost = 1000000;
discard plans;
select begun('{"m": {"type": "t", "for_each": "input.l"}}', '{"l": [1, 2, 3, 4]}') as run \gset
select task_ends(:run, format('m[%s]', item), 'succeeded', item::text::jsonb) from unnest('{2,0,3,1}'::int[]) item \g /dev/null
select is((task(:run, 'm')).result, '[0, 1, 2, 3]', 'in their order');
reset enable_indexscan;
reset random_page_cost;
discard plans;

-- What it answers: whether the task is over, and which runs have begun.
select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}}}') \g /dev/null
select begun('{"m": {"workflow": "child", "for_each": "input.l", "concurrency": 1}}', '{"l": [1, 2]}') as run \gset
update faultline.tasks set state = 'succeeded', finished_at = now() where run_id = :run and item = 0;
select is(c, row(false, array[currval('faultline.runs_run_id_seq')]), 'a child has begun') from faultline.runs r, faultline._close_items(r, 'm', 1, 0) c where r.run_id = :run;
select is(c, row(false, '{}'::bigint[]), 'it is running') from faultline.runs r, faultline._close_items(r, 'm', 0, 0) c where r.run_id = :run;
update faultline.tasks set state = 'succeeded', finished_at = now() where run_id = :run and item = 1;
select is(c, row(true, '{}'::bigint[]), 'all is over') from faultline.runs r, faultline._close_items(r, 'm', 1, 1) c where r.run_id = :run;
select is((task(:run, 'm')).result, '[null, null]', 'an element without a result has null in the list');
select begun('{"m": {"type": "t", "for_each": "input.l"}}', '{"l": [1]}') as run \gset
update faultline.tasks set state = 'cancelled', finished_at = now() where run_id = :run and item = 0;
select is(c, row(true, '{}'::bigint[]), 'over as well if it has failed') from faultline.runs r, faultline._close_items(r, 'm', 1, 0) c where r.run_id = :run;
select is((task(:run, 'm')).state, 'failed', 'as it has');

-- Children of which more begin than one at a time begin from the first that waits.
select begun('{"m": {"workflow": "child", "for_each": "input.l", "concurrency": 2}}', '{"l": [1, 2, 3, 4]}') as run \gset
select task_ends((task(:run, 'm', 1)).child_run_id, 'x') \g /dev/null
select is(tasks(:run), 'm running, m[0] running, m[1] succeeded, m[2] running, m[3] waiting', 'in their order');
select begun('{"m": {"workflow": "child", "for_each": "input.l", "concurrency": 1}}', '{"l": [1, 2]}') as run \gset
select task_ends((task(:run, 'm', 0)).child_run_id, 'x') \g /dev/null
select is(tasks(:run), 'm running, m[0] succeeded, m[1] running', 'the second one too');

select * from finish();
rollback;
