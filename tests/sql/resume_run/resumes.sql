\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- What failed runs again, and what was skipped because of it; what succeeded stays.
select begun('{"a": {"type": "t"}, "b": {"type": "t", "needs": "a"}, "c": {"type": "t", "needs": "b"}, "alarm": {"type": "t", "needs": "b", "when": "failure"}}') as run \gset
select task_ends(:run, 'a', 'succeeded', '1'), task_ends(:run, 'b', 'failed'), task_ends(:run, 'alarm') \g /dev/null
select is(tasks(:run) || ': ' || run_is(:run), 'a succeeded, b failed, c skipped, alarm succeeded: failed', 'it has failed');
select task_job(:run, 'b') as dead \gset
select refused('faultline_operator', format('select faultline.retry_job(%s)', :dead), 'FL003', format('job %s is task b of run %s and can not be retried alone', :dead, :run), 'resume_run runs again what failed in a run, and what depended on it.');
select is(operate(format('select faultline.resume_run(%s)', :run)), 'running', 'resumed');
select is(tasks(:run) || ': ' || run_is(:run), 'a succeeded, b queued, c waiting, alarm succeeded: running', 'from where it stopped');
select is((select state from faultline.jobs where job_id = :dead) || ', ' || (task(:run, 'b')).generation || ', ' || (task(:run, 'a')).generation, 'discarded, 2, 1', 'the dead letter is discarded; the generation rises');
select changes_nothing('faultline_operator', format('select faultline.resume_run(%s)', :run), 'running', 'repeated, it changes nothing');
select is((select verb || ' ' || detail::text from faultline.job_events where verb = 'resume_run'), format('resume_run {"run_id": %s, "workflow": "w"}', :run), 'it is recorded');
select healthy('healthy meanwhile: alarm stays, although what it needs runs again');
select is(task_ends(:run, 'b') || task_ends(:run, 'c') || ': ' || tasks(:run) || ': ' || run_is(:run), 'okok: a succeeded, b succeeded, c succeeded, alarm succeeded: succeeded', 'to the end');

-- A dead letter that somebody discarded; one that is not wanted any more.
select begun('{"a": {"type": "t"}}') as run \gset
select task_ends(:run, 'a', 'failed'), faultline.discard_job(task_job(:run, 'a')), faultline.resume_run(:run) \g /dev/null
select is(tasks(:run), 'a queued', 'discarded before');
select task_ends(:run, 'a') \g /dev/null
select is(run_is(:run), 'succeeded', 'it has a new job');

-- A for_each goes on: items that succeeded stay, with concurrency as before.
select begun('{"m": {"type": "t", "for_each": "input.l", "concurrency": 2}}', '{"l": [1, 2, 3, 4]}') as run \gset
select task_ends(:run, 'm[0]', 'failed'), task_ends(:run, 'm[1]'), task_ends(:run, 'm[2]', 'failed'), task_ends(:run, 'm[3]', 'failed') \g /dev/null
select faultline.resume_run(:run) \g /dev/null
select is(tasks(:run), 'm running, m[0] queued, m[1] succeeded, m[2] queued, m[3] waiting', 'items that failed');
select task_ends(:run, 'm[2]') \g /dev/null
select is(tasks(:run), 'm running, m[0] queued, m[1] succeeded, m[2] succeeded, m[3] queued', 'two at once');
select task_ends(:run, 'm[3]'), task_ends(:run, 'm[0]') \g /dev/null
select is(run_is(:run), 'succeeded', 'to the end');

-- A for_each that ran after a failure starts anew, with what it is given then.
select begun('{"a": {"type": "t"}, "b": {"type": "t"}, "m": {"type": "t", "needs": ["a", "b"], "when": "always", "for_each": "b"}}') as run \gset
select task_ends(:run, 'a', 'failed'), task_ends(:run, 'b', 'succeeded', '[1, 2]'), task_ends(:run, 'm[0]'), task_ends(:run, 'm[1]', 'failed'), faultline.resume_run(:run) \g /dev/null
select is(tasks(:run), 'a queued, b succeeded, m waiting', 'its items are gone');
select task_ends(:run, 'a'), task_ends(:run, 'm[0]'), task_ends(:run, 'm[1]') \g /dev/null
select is(run_is(:run), 'succeeded', 'to the end');

-- Children go on, as deep as they are; a run of which one can be changed is the root.
select faultline.put_workflow('{"name": "leaf", "tasks": {"x": {"type": "t"}, "y": {"type": "t"}}}'), faultline.put_workflow('{"name": "branch", "tasks": {"l": {"workflow": "leaf", "for_each": "input.l"}}}') \g /dev/null
select begun('{"b": {"workflow": "branch"}}', '{"l": [1, 2]}', 'tree') as run \gset
select task_ends(run_id, 'x', case input ->> 'item' when '1' then 'failed' else 'succeeded' end), task_ends(run_id, 'y') from faultline.runs where workflow = 'leaf' and root_run_id = :run \g /dev/null
select is(run_is(:run), 'failed', 'a leaf has failed');
select refused('faultline_operator', format('select faultline.resume_run(%s)', run_id), 'FL003', format('run %s is task b of run %s and can not be resumed alone', run_id, :run), format('Run %s is the root.', :run))
from faultline.runs where workflow = 'branch' and root_run_id = :run;
select faultline.resume_run(:run) \g /dev/null
select is(string_agg(workflow || ' ' || state || ': ' || tasks(run_id), '; ' order by run_id), 'tree running: b running; branch running: l running, l[0] running, l[1] succeeded; leaf running: x queued, y succeeded; leaf succeeded: x succeeded, y succeeded', 'only what failed')
from faultline.runs where root_run_id = :run;
select task_ends(run_id, 'x') from faultline.runs where workflow = 'leaf' and root_run_id = :run and state = 'running' \g /dev/null
select is(string_agg(distinct state, ' '), 'succeeded', 'all the way up') from faultline.runs where root_run_id = :run;

-- Children of a for_each go on within its concurrency, as they began.
select begun('{"l": {"workflow": "one", "for_each": "input.l", "concurrency": 1}}', '{"l": [1, 2, 3]}', 'wide') as run
from (select faultline.put_workflow('{"name": "one", "tasks": {"x": {"type": "t"}}}')) p \gset
select task_ends((task(:run, 'l', item)).child_run_id, 'x', 'failed') from generate_series(0, 2) item \g /dev/null
select faultline.resume_run(:run) \g /dev/null
select is(tasks(:run), 'l running, l[0] running, l[1] waiting, l[2] waiting', 'one at once');
select is((select string_agg(run_id::text, ' ') from faultline.jobs_live where state = 'queued' and run_id in (select run_id from faultline.runs where root_run_id = :run)),
  (task(:run, 'l', 0)).child_run_id::text, 'the others have no job yet');
select healthy('a child that waits for its turn is not forgotten');
select faultline.cancel_run(:run), faultline.resume_run(:run) \g /dev/null
select is(tasks(:run), 'l running, l[0] running, l[1] waiting, l[2] waiting', 'also if it is cancelled before their turn');
select task_ends((task(:run, 'l', item)).child_run_id, 'x') from generate_series(0, 2) item \g /dev/null
select is((select string_agg(workflow || ' ' || state, ', ' order by run_id) from faultline.runs where root_run_id = :run),
  'wide succeeded, one succeeded, one succeeded, one succeeded', 'to the end, in the runs that had failed');

-- What starts anew leaves no dead letter behind, however deep.
select begun('{"a": {"type": "t"}, "b": {"workflow": "tree", "needs": "a", "when": "always"}}', '{"l": [1]}', 'forest') as run
from (select faultline.put_workflow('{"name": "tree", "tasks": {"l": {"workflow": "one", "for_each": "input.l"}}}')) p \gset
select task_ends(:run, 'a', 'failed') \g /dev/null
select task_ends(run_id, 'x', 'failed') from faultline.runs where root_run_id = :run and workflow = 'one' \g /dev/null
select faultline.resume_run(:run) \g /dev/null
select is((select string_agg(task || ' ' || state, ', ') from faultline.jobs_live where run_id in (select run_id from faultline.runs where root_run_id = :run)), 'a queued', 'nobody could resume them any more');
select task_ends(:run, 'a') \g /dev/null
select task_ends(run_id, 'x') from faultline.runs where root_run_id = :run and workflow = 'one' and state = 'running' \g /dev/null
select is(run_is(:run), 'succeeded', 'in new runs');

-- A cancelled run too.
select begun('{"a": {"type": "t"}, "b": {"type": "t", "needs": "a"}}') as run \gset
select faultline.cancel_run(:run), faultline.resume_run(:run) \g /dev/null
select is(tasks(:run), 'a queued, b waiting', 'a cancelled run goes on');
select task_ends(:run, 'a'), task_ends(:run, 'b') \g /dev/null
select refused('faultline_operator', format('select faultline.resume_run(%s)', :run), 'FL003', format('run %s has succeeded and can not be resumed', :run), 'trigger_workflow begins another run.');
select refused('faultline_operator', 'select faultline.resume_run(424242)', 'FL005', 'there is no run 424242', 'It was never triggered, or it finished so long ago that retention removed it.');
select refused('faultline_operator', 'select faultline.resume_run(null)', 'FL005', 'there is no run NULL');
select refused(role, 'select faultline.resume_run(1)', '42501', 'permission denied for function resume_run') from unnest(array['faultline_producer', 'faultline_runner', 'faultline_observer']) role;
select healthy('healthy');

select * from finish();
rollback;
