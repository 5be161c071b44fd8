\ir ../../support/workflows.sql

begin;
select * from no_plan();

-- What goes down the edges behind a task that is skipped: a failure only if one is above it, past whatever has another reason.
select begun('{"a": {"type": "t"}, "b": {"type": "t", "needs": "a"}, "c": {"type": "t", "needs": "b", "when": "always", "if": "$.input.x == 1"},
  "d": {"type": "t", "needs": "c", "when": "failure"}}') as run \gset
select is(task_ends(:run, 'a', 'failed') || ': ' || tasks(:run), 'ok: a failed, b skipped, c skipped, d skipped', 'a condition that is false is no failure, also below one');
select begun('{"a": {"type": "t"}, "b": {"type": "t", "needs": "a", "if": "$.input.x == 1"}, "c": {"type": "t", "needs": "b"}, "d": {"type": "t", "needs": "c", "when": "failure"}}') as run \gset
select is(task_ends(:run, 'a') || ': ' || tasks(:run), 'ok: a succeeded, b skipped, c skipped, d skipped', 'nor is it one further down');
select begun('{"a": {"type": "t"}, "b": {"type": "t", "needs": "a", "when": "failure", "if": "$.input.x == 1"}, "c": {"type": "t", "needs": "b", "when": "failure"}}') as run \gset
select is(task_ends(:run, 'a', 'failed') || ': ' || tasks(:run), 'ok: a failed, b skipped, c skipped', 'nor if a failure would have let it run');

-- Conditions: looked at after when, also by a task that needs nothing; a task that fails by one is over.
select is(tasks(begun('{"a": {"type": "t", "if": "$.input.x == 1"}, "b": {"type": "t", "if": "$.input.x == 1", "when": "always"}}', jsonb_build_object('x', x))), expected, format('x is %s', x))
from (values (1, 'a queued, b queued'), (2, 'a skipped, b skipped')) v (x, expected);
select begun('{"a": {"type": "t"}, "b": {"type": "t", "needs": "a", "if": "$.input.x == 1"}}', '{"x": 1}') as run \gset
select is(task_ends(:run, 'a', 'failed') || ': ' || tasks(:run), 'ok: a failed, b skipped', 'a condition that holds lets nothing run that when does not');
select begun('{"a": {"type": "t"}, "b": {"type": "t", "needs": "a", "if": "$.a"}, "c": {"type": "t", "needs": "b", "when": "failure"}, "d": {"type": "t", "needs": "b"}}') as run \gset
select is(task_ends(:run, 'a') || ': ' || tasks(:run), 'ok: a succeeded, b failed, c queued, d skipped', 'what needs a task that failed by its condition is decided at once');

-- Whatever is over as soon as it starts is followed at once; whatever is not is waited for.
select begun('{"a": {"type": "t"}, "m": {"type": "t", "needs": "a", "for_each": "a"}, "z": {"type": "t", "needs": "m"}}') as run \gset
select is(task_ends(:run, 'a', 'succeeded', '[]') || ': ' || tasks(:run), 'ok: a succeeded, m succeeded, z queued', 'a for_each of nothing');
select begun('{"a": {"type": "t"}, "c": {"workflow": "none", "needs": "a"}, "z": {"type": "t", "needs": "c", "when": "failure"}}') as run \gset
select is(task_ends(:run, 'a') || ': ' || tasks(:run), 'ok: a succeeded, c failed, z queued', 'a child that can''t begin');
select begun('{"a": {"type": "t"}, "w": {"wait": "1h", "needs": "a"}, "z": {"type": "t", "needs": "w"}}') as run \gset
select is(task_ends(:run, 'a') || ': ' || tasks(:run), 'ok: a succeeded, w running, z waiting', 'a timer');

-- Of its own run the failure, of its own version the definition.
select faultline.put_workflow('{"name": "two", "tasks": {"a": {"type": "t"}, "b": {"type": "t", "needs": "a", "when": "failure"}}}'), faultline.trigger_workflow('two') as old \gset
select begun('{"a": {"type": "t"}, "b": {"type": "t", "needs": "a"}}', '{}', 'two') as run \gset
select is(task_ends(:old, 'a', 'failed') || ': ' || tasks(:old) || '; ' || task_ends(:run, 'a') || ': ' || tasks(:run), 'ok: a failed, b queued; ok: a succeeded, b queued', 'two versions side by side');

-- Jobs are made in the order of the workflow, not of the names: shorter ones come first in a jsonb.
select begun('{"a": {"type": "t"}, "z": {"type": "t", "needs": "a"}, "bb": {"type": "t", "needs": "a"}, "yy": {"type": "t", "needs": "a"}, "ccc": {"type": "t", "needs": "a"}, "x": {"type": "t", "needs": "a"}}') as run \gset
select task_ends(:run, 'a') \g /dev/null
select is(string_agg(j.task, ' ' order by j.job_id), 'a x z bb yy ccc', 'in their order') from faultline.jobs j where j.run_id = :run;

-- When, by the clock.
select begun('{"a": {"type": "t"}, "b": {"type": "t", "needs": "a"}}') as run \gset
select task_ends(:run, 'a', 'failed') \g /dev/null
select ok((task(:run, 'b')).finished_at between now() + interval '1 microsecond' and clock_timestamp(), 'skipped when it was, not when the transaction began');

-- The turns it returns: children that have begun, and the run itself if it ended as a task of another.
select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}}}') \g /dev/null
select begun('{"a": {"type": "t"}}') as run \gset
update faultline.tasks set state = 'succeeded', finished_at = now() where run_id = :run;
select is(faultline._advance(r, '{a}'), '{}', 'a root that ends has no turn') from faultline.runs r where run_id = :run;
select is(run_is(:run), 'succeeded', 'it has ended');
select begun('{"c": {"workflow": "child"}}') as run \gset
select run_id as child from faultline.runs where parent_run_id = :run \gset
select is(faultline._advance(r, '{}'), '{}', 'nor has a child that has something to do') from faultline.runs r where run_id = :child;
update faultline.tasks set state = 'succeeded', finished_at = now() where run_id = :child;
select is(faultline._advance(r, '{x}'), array[:child::bigint], 'a child that ends') from faultline.runs r where run_id = :child;
select begun('{"a": {"type": "t"}, "c": {"workflow": "child", "needs": "a"}, "d": {"workflow": "child", "needs": "a"}}') as run \gset
update faultline.tasks set state = 'succeeded', finished_at = now() where run_id = :run and name = 'a';
select is(faultline._advance(r, '{a}'), array[(task(:run, 'c')).child_run_id, (task(:run, 'd')).child_run_id], 'children that have begun') from faultline.runs r where run_id = :run;

select * from finish();
rollback;
