\ir ../../support/workflows.sql

begin;
select * from no_plan();

-- What is over in the family stays as it is, and so does all of another.
select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}, "y": {"type": "t"}}}') \g /dev/null
select begun('{"c": {"workflow": "child", "for_each": "input.l"}, "a": {"type": "t"}, "f": {"type": "t"}, "w": {"wait": "1h"}, "z": {"type": "t", "needs": "f"}}', '{"l": [1, 2]}') as run \gset
select faultline.trigger_workflow('w', '{"l": [1, 2]}') as other \gset
select task_ends((task(run, 'c', 0)).child_run_id, name), task_claimed(run, 'a'), task_ends(run, 'f', 'failed')
from unnest(array[:run, :other]::bigint[]) run, unnest('{x,y}'::text[]) name where name = 'x' \g /dev/null
select task_ends((task(run, 'c', 0)).child_run_id, 'y') from unnest(array[:run, :other]::bigint[]) run \g /dev/null
create temporary table tasks_before as select * from faultline.tasks;
create temporary table runs_before as select * from faultline.runs;
select is(operate(format('select faultline.cancel_run(%s)', :run)), 'cancelled', 'cancelled');
select is(tasks(:run), 'a cancelled, c cancelled, c[0] succeeded, c[1] cancelled, f failed, w cancelled, z skipped', 'what was not over');
select is(string_agg(workflow || ' ' || state, ', ' order by run_id), 'w cancelled, child succeeded, child cancelled', 'a child that has succeeded has succeeded') from faultline.runs where root_run_id = :run;
select is(tasks((task(:run, 'c', 1)).child_run_id), 'x cancelled, y cancelled', 'all of one that has not is cancelled');
select set_eq('select * from faultline.tasks where state <> ''cancelled''', format('select b.* from tasks_before b join faultline.tasks t using (run_id, name, item) where t.state <> ''cancelled''', :run), 'the rest is as it was');
select is((select count(*) from faultline.tasks t join faultline.runs r using (run_id) where r.root_run_id = :other and t.state = 'cancelled'), 0::bigint, 'nothing of another family is cancelled');
select set_eq(format('select * from faultline.runs where root_run_id <> %s', :run), format('select * from runs_before where root_run_id <> %s', :run), 'and none of its runs');
select is(string_agg(j.task || ' ' || j.state, ', ' order by j.job_id), 'a running, f failed, x queued, y queued', 'nor of its jobs')
from faultline.jobs_live j join faultline.runs r on r.run_id = j.run_id where r.root_run_id = :other;
select is(string_agg(j.task || ' ' || j.state, ', ' order by j.job_id), 'f failed', 'a dead letter of this one stays')
from faultline.jobs_live j join faultline.runs r on r.run_id = j.run_id where r.root_run_id = :run;
-- When, by the clock; and nobody waits any more.
select ok(r.finished_at between now() + interval '1 microsecond' and clock_timestamp(), 'the run ended when it did') from faultline.runs r where r.run_id = :run;
select ok(t.finished_at between now() + interval '1 microsecond' and clock_timestamp() and t.due_at is null, 'its tasks too') from task(:run, 'w') t;
select is((select verb || ' ' || detail::text from faultline.job_events where verb = 'cancel_run'), format('cancel_run {"run_id": %s, "workflow": "w"}', :run), 'it is recorded, once');
-- One that has failed is no more to be cancelled than one that has succeeded.
select begun('{"a": {"type": "t"}}') as failed \gset
select task_ends(:failed, 'a', 'failed') \g /dev/null
select refused('faultline_operator', format('select faultline.cancel_run(%s)', :failed), 'FL003', format('run %s has failed and can not be cancelled', :failed), 'Only a run that is running can be cancelled.');
select refused('faultline_operator', 'select faultline.cancel_run(null)', 'FL005', 'there is no run NULL');

select * from finish();
rollback;
