\ir ../../support/workflows.sql

begin;
select * from no_plan();

-- What did not succeed waits again, a generation later; what did stays. Of this run alone, by the edges of its version.
select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}}}'),
  faultline.put_workflow('{"name": "w", "tasks": {"a": {"type": "t"}, "b": {"type": "t"}, "m": {"type": "t", "needs": "a"}, "c": {"workflow": "child", "needs": "a"}, "A": {"type": "t"}}}'),
  faultline.put_workflow('{"name": "v", "tasks": {"a": {"type": "t"}, "b": {"type": "t"}, "c": {"workflow": "child", "needs": "a"}}}'),
  faultline.put_workflow('{"name": "v", "tasks": {"a": {"type": "t"}, "b": {"type": "t"}, "m": {"type": "t", "needs": "a"}, "c": {"workflow": "child", "needs": "a"}, "A": {"type": "t", "needs": "m"}}}') \g /dev/null
select begun('{"a": {"type": "t"}, "b": {"type": "t"}, "m": {"type": "t", "needs": "b", "for_each": "input.l"}, "A": {"type": "t", "needs": ["a", "b"], "when": "always", "for_each": "input.l"}, "k": {"type": "t", "needs": "a", "when": "always", "for_each": "input.l"},
  "c": {"workflow": "child", "needs": "b"}, "d": {"workflow": "child", "needs": "a", "when": "always"}, "e": {"workflow": "child"}, "s": {"type": "t", "needs": "a"}, "w": {"wait": "1h"}}',
  '{"l": [1, 2, 3]}') as run \gset
select faultline.trigger_workflow('w', '{"l": [1, 2, 3]}') as other \gset
select task_ends(run, 'b', 'succeeded', '"B"'), task_ends(run, 'a', 'failed') from unnest(array[:run, :other]::bigint[]) run \g /dev/null
select task_ends(run, name || '[0]'), task_ends(run, name || '[1]', 'failed') from unnest(array[:run, :other]::bigint[]) run, unnest('{m,A}'::text[]) name \g /dev/null
select task_ends((task(run, 'c')).child_run_id, 'x', 'failed'), task_ends((task(run, 'd')).child_run_id, 'x', 'failed') from unnest(array[:run, :other]::bigint[]) run \g /dev/null
select task_ends(:run, 'k[' || item || ']'), task_ends(:other, 'k[' || item || ']', 'failed') from generate_series(0, 2) item \g /dev/null
-- One that succeeded and can't be used any more, as if its results were too large.
select task_ends((task(:run, 'e')).child_run_id, 'x'), task_ends((task(:other, 'e')).child_run_id, 'x') \g /dev/null
update faultline.tasks set state = 'failed', error = '{}' where name = 'e';
select faultline.cancel_run(run) from unnest(array[:run, :other]::bigint[]) run \g /dev/null
-- And one in which each of them ended as it did not here.
select faultline.trigger_workflow('w', '{"l": [1, 2, 3]}') as opposite \gset
update faultline.tasks o
set state = case (task(:run, o.name)).state when 'succeeded' then 'failed' else 'succeeded' end, finished_at = now(), due_at = null
where o.run_id = :opposite;
update faultline.runs set state = 'failed', finished_at = now() where run_id = :opposite;
select is(tasks(:run), 'a failed, b succeeded, e failed, w cancelled, d failed, k succeeded, k[0] succeeded, k[1] succeeded, k[2] succeeded, s skipped, A cancelled, A[0] succeeded, A[1] failed, A[2] cancelled, c failed, m cancelled, m[0] succeeded, m[1] failed, m[2] cancelled', 'how it stands');
select (task(:run, 'c')).child_run_id as child \gset
create temporary table before as select * from faultline.tasks;
create temporary table runs_before as select * from faultline.runs;

select faultline._reopen(:run) \g /dev/null
select is(tasks(:run), 'a waiting, b succeeded, e waiting, w waiting, d waiting, k succeeded, k[0] succeeded, k[1] succeeded, k[2] succeeded, s waiting, A waiting, c waiting, m waiting, m[0] succeeded, m[1] waiting, m[2] waiting', 'it stands where it stopped; what did not succeed and needs something that runs again has lost its items');
select is((r.state, r.finished_at), ('running'::text, null::timestamptz), 'the run is running') from faultline.runs r where r.run_id = :run;
select is(string_agg(t.name, ' '), null, 'nothing is left of how they ended')
from faultline.tasks t
where t.run_id = :run and t.state = 'waiting'
  and (t.job_id is not null or t.result is not null or t.error is not null or t.finished_at is not null or t.after_failure or t.generation <> 2 or t.due_at is not null);
select is(array_agg(t.name || ' ' || t.child_run_id), array['c ' || :child], 'a child goes on, unless what it needs runs again or it succeeded') from faultline.tasks t where t.run_id = :run and t.child_run_id is not null;
select results_eq(format('select * from faultline.tasks where run_id = %s and state = ''succeeded'' order by name, item', :run), format('select * from before where run_id = %s and state = ''succeeded'' and not (name = ''A'' and item = 0) order by name, item', :run), 'what succeeded stays as it is');
select set_eq(format('select * from faultline.tasks where run_id <> %s', :run), format('select * from before where run_id <> %s', :run), 'all other runs too');
select set_eq(format('select * from faultline.runs where run_id <> %s', :run), format('select * from runs_before where run_id <> %s', :run), 'of which none runs again');

select * from finish();
rollback;
