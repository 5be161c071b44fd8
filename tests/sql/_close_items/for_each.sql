\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- A for_each runs once for each element; its result is the list, in the order of the elements.
select begun('{"a": {"type": "t"}, "m": {"type": "hash", "needs": "a", "for_each": "a.files", "queue": "q", "payload": {"p": 1}, "retry": {"max_attempts": 2}, "priority": 1}, "z": {"type": "t", "needs": "m"}}') as run \gset
select is(task_ends(:run, 'a', 'succeeded', '{"files": ["x", {"y": 1}, null]}') || ': ' || tasks(:run), 'ok: a succeeded, m running, m[0] queued, m[1] queued, m[2] queued, z waiting', 'a job for each');
select results_eq(format('select type, queue, priority::int, max_attempts, payload, task from faultline.jobs where run_id = %s and type = ''hash'' order by job_id', :run),
  $$values ('hash', 'q', 1, 2, '{"p": 1}'::jsonb, 'm[0]'), ('hash', 'q', 1, 2, '{"p": 1}', 'm[1]'), ('hash', 'q', 1, 2, '{"p": 1}', 'm[2]')$$, 'as the task says');
select is(task_ends(:run, 'm[2]', 'succeeded', '2') || task_ends(:run, 'm[0]', 'succeeded', '0') || ': ' || tasks(:run), 'okok: a succeeded, m running, m[0] succeeded, m[1] queued, m[2] succeeded, z waiting', 'not all are over');
select is(task_ends(:run, 'm[1]') || ': ' || tasks(:run), 'ok: a succeeded, m succeeded, m[0] succeeded, m[1] succeeded, m[2] succeeded, z queued', 'all are over');
select is((task(:run, 'm')).result, '[0, null, 2]', 'results in the order of the elements');

-- Not all succeed.
select begun('{"m": {"type": "t", "for_each": "input.l"}, "z": {"type": "t", "needs": "m", "when": "failure"}}', '{"l": [1, 2, 3]}') as run \gset
select task_ends(:run, 'm[1]', 'failed'), task_ends(:run, 'm[0]') \g /dev/null
select is(tasks(:run), 'm running, m[0] succeeded, m[1] failed, m[2] queued, z waiting', 'one failure does not stop the others');
select is(task_ends(:run, 'm[2]', 'cancelled') || ': ' || tasks(:run), 'cancelled: m failed, m[0] succeeded, m[1] failed, m[2] cancelled, z queued', 'then it has failed');
select is((task(:run, 'm')).error, '{"type": "ForEachError", "message": "2 of its elements did not succeed, the first of them m[1]", "first": {"type": "E", "message": "broken"}}', 'and says so');

-- concurrency: so many at once, in their order, whatever ends first.
select begun('{"m": {"type": "t", "for_each": "input.l", "concurrency": 2}}', '{"l": [1, 2, 3, 4, 5]}') as run \gset
select is(tasks(:run), 'm running, m[0] queued, m[1] queued, m[2] waiting, m[3] waiting, m[4] waiting', 'two at once');
select is(task_ends(:run, 'm[1]') || ': ' || tasks(:run), 'ok: m running, m[0] queued, m[1] succeeded, m[2] queued, m[3] waiting, m[4] waiting', 'one ends, one starts');
select is(task_ends(:run, 'm[2]', 'failed') || ': ' || tasks(:run), 'ok: m running, m[0] queued, m[1] succeeded, m[2] failed, m[3] queued, m[4] waiting', 'also when one fails');
select task_claimed(:run, 'm[0]'), task_claimed(:run, 'm[3]') \g /dev/null
select is((select string_agg(verdict, ' ') from faultline.complete_jobs(array[task_job(:run, 'm[0]'), task_job(:run, 'm[3]')], '{1,1}')), 'ok ok', 'two end in a group');
select is(tasks(:run), 'm running, m[0] succeeded, m[1] succeeded, m[2] failed, m[3] succeeded, m[4] queued', 'and one was left');
select is(task_ends(:run, 'm[4]') || ': ' || run_is(:run), 'ok: failed', 'the run has failed');

-- Nothing to do, and what is no list.
select is(tasks(begun('{"m": {"type": "t", "for_each": "input.l"}, "z": {"type": "t", "needs": "m"}}', '{"l": []}')), 'm succeeded, z queued', 'an empty list has succeeded, with an empty list');
create function tap.of(result jsonb) returns text language plpgsql as $$
declare
  run constant bigint := begun('{"a": {"type": "t"}, "m": {"type": "t", "needs": "a", "for_each": "a.l"}}');
begin
  perform task_ends(run, 'a', 'succeeded', result);
  return (task(run, 'm')).state || ': ' || ((task(run, 'm')).error ->> 'type') || ': ' || ((task(run, 'm')).error ->> 'message');
end
$$;
select is(of('{"l": {}}'), 'failed: ForEachError: for_each: a.l is no list but of type object', 'no list');
select is(of('{}'), 'failed: ForEachError: for_each: there is no a.l', 'nothing there');
select is(of(null), 'failed: ForEachError: for_each: there is no a.l', 'no result at all');
select is(of(jsonb_build_object('l', (select jsonb_agg(1) from generate_series(1, 10001)))), 'failed: ForEachError: for_each: a.l has 10001 elements, more than 10000', 'too long a list');
select is(of(jsonb_build_object('l', (select jsonb_agg(1) from generate_series(1, 10000)))), null, 'the longest');
select is(count(*), 10001::bigint, 'is ten thousand items') from faultline.tasks where name = 'm' and run_id = (select max(run_id) from faultline.runs);
select is(count(*), 10000::bigint, 'of which each has its job') from faultline.jobs_live where run_id = (select max(run_id) from faultline.runs) and task like 'm[%';

-- Results that are too much together: 16 MiB is the most that the list may have as text.
create function tap.gathers(spare int) returns text language plpgsql volatile security definer as $$
declare
  run bigint;
  answer text;
begin
  run := tap.begun('{"m": {"type": "t", "for_each": "input.l"}}', (select jsonb_build_object('l', jsonb_agg(n)) from generate_series(1, 65) n));
  delete from faultline.jobs_live j where j.run_id = run and j.task <> 'm[64]';
  update faultline.tasks t set state = 'succeeded', finished_at = now(), result = to_jsonb(repeat('x', 261996)) where t.run_id = run and t.item between 0 and 63;
  answer := tap.task_ends(run, 'm[64]', 'succeeded', to_jsonb(repeat('x', 16777216 - 64 * 262000 - 4 + spare)));
  return answer || ': ' || (tap.task(run, 'm')).state || coalesce(': ' || ((tap.task(run, 'm')).error ->> 'message'), ', ' || octet_length((tap.task(run, 'm')).result::text));
end
$$;
select is(gathers(0), 'ok: succeeded, 16777216', 'the longest list of results');
select is(gathers(1), 'ok: failed: the results of its first 65 elements have 16777217 bytes as text, more than 16777216 (16 MiB). Store the data elsewhere and return references', 'a longer one');
select max(run_id) as run from faultline.runs \gset
select is(operate(format('select faultline.resume_run(%s)', :run)) || ': ' || run_is(:run), 'running: failed', 'resumed, it ends the same way at once');
select begun('{"m": {"type": "t", "for_each": "input.l"}}', (select jsonb_build_object('l', jsonb_agg(n)) from generate_series(1, 1100) n)) as run \gset
delete from faultline.jobs_live where run_id = :run and task <> 'm[1099]';
update faultline.tasks set state = 'succeeded', finished_at = now(), result = to_jsonb(repeat('x', 262000)) where run_id = :run and item between 0 and 1098;
select is(task_ends(:run, 'm[1099]') || ': ' || run_is(:run), 'ok: failed', 'more than a jsonb can hold is no more than that, either');

select * from finish();
rollback;
