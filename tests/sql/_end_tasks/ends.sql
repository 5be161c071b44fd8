\ir ../../support/workflows.sql

begin;
select * from no_plan();

-- Tasks, items of one for_each and of another, and a task beside them: each with its result, in this run alone.
select begun('{"a": {"type": "t"}, "m": {"type": "t", "for_each": "input.l", "concurrency": 2}, "n": {"type": "t", "for_each": "input.k"}, "w": {"wait": "1h"},
  "z": {"type": "t", "needs": ["a", "n"]}}', '{"l": [1, 2, 3, 4], "k": [1]}') as run \gset
select faultline.trigger_workflow('w', '{"l": [1, 2, 3, 4], "k": [1]}') as other \gset
select tasks(:other) as before \gset
select is(faultline._end_tasks(r, '{m,a,n,m,w}', '{1,-1,0,0,-1}', 'succeeded', '{"1", "2", "3", "4", "5"}', null), '{}', 'no run has its turn') from faultline.runs r where r.run_id = :run;
select is(tasks(:run), 'a succeeded, m running, m[0] succeeded, m[1] succeeded, m[2] queued, m[3] queued, n succeeded, n[0] succeeded, w succeeded, z queued', 'what follows of all of them');
select is(((task(:run, 'm', 0)).result, (task(:run, 'm', 1)).result, (task(:run, 'a')).result, (task(:run, 'n')).result, (task(:run, 'w')).result), ('4'::jsonb, '1'::jsonb, '2'::jsonb, '[3]'::jsonb, '5'::jsonb), 'each has its own result');
select is((t.due_at, t.error), (null::timestamptz, null::jsonb), 'a timer is due no more') from task(:run, 'w') t;
select ok(t.finished_at between now() + interval '1 microsecond' and clock_timestamp(), 'when it was, not when the transaction began') from task(:run, 'a') t;
select is(tasks(:other), :'before', 'nothing happens in another run');
select is(faultline._end_tasks(r, '{a,n}', '{-1,0}', 'failed', '{null,null}', '{"type": "E"}'), '{}', 'what is over') from faultline.runs r where r.run_id = :run;
select is(((task(:run, 'a')).state, (task(:run, 'a')).result, (task(:run, 'n', 0)).state), ('succeeded'::text, '2'::jsonb, 'succeeded'::text), 'stays as it is');

-- Items alone, of which the first is one: the others start behind the last of them.
select is(faultline._end_tasks(r, '{m,m}', '{2,3}', 'failed', '{null,null}', '{"type": "E"}'), '{}', 'the last items') from faultline.runs r where r.run_id = :run;
select is((t.state, t.error), ('failed'::text, '{"type": "ForEachError", "message": "2 of its elements did not succeed, the first of them m[2]", "first": {"type": "E"}}'::jsonb), 'end the task') from task(:run, 'm') t;
select task_ends(:run, 'z') \g /dev/null
select is(run_is(:run), 'failed', 'and all of them the run');

-- Several for_each go on in the order of their names.
select begun((select jsonb_object_agg(n, '{"type": "t", "for_each": "input.l", "concurrency": 1}'::jsonb) from unnest('{e,d,c,b,a,g,f}'::text[]) n), '{"l": [1, 2]}') as run \gset
select faultline._end_tasks(r, '{f,b,e,a,g,d,c}', '{0,0,0,0,0,0,0}', 'succeeded', '{1,1,1,1,1,1,1}', null) from faultline.runs r where r.run_id = :run \g /dev/null
select is(string_agg(j.task, ' ' order by j.job_id), 'a[1] b[1] c[1] d[1] e[1] f[1] g[1]', 'the jobs of the next items') from faultline.jobs_live j where j.run_id = :run and j.task like '%[1]';

-- Whose turn it is: children that have begun, for items and for tasks, and the run if it ended as a task of another.
select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}}}') \g /dev/null
select begun('{"a": {"type": "t"}, "m": {"workflow": "child", "for_each": "input.l", "concurrency": 1}, "c": {"workflow": "child", "needs": "a"}}', '{"l": [1, 2]}') as run \gset
select (task(:run, 'm', 0)).child_run_id as child \gset
select is(faultline._end_tasks(r, '{m,a}', '{0,-1}', 'succeeded', '{null,null}', null), array[(task(:run, 'm', 1)).child_run_id, (task(:run, 'c')).child_run_id], 'children') from faultline.runs r where r.run_id = :run;
select is(tasks(:run), 'a succeeded, m running, m[0] succeeded, m[1] running, c running', 'that run');
select is(faultline._end_tasks(r, '{x}', '{-1}', 'succeeded', '{null}', null), array[:child::bigint], 'a child that ended') from faultline.runs r where r.run_id = :child;

select * from finish();
rollback;
