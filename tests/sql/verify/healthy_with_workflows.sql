\ir ../../support/workflows.sql
select * from no_plan();

-- healthy_after_every_verb, for workflows: every way a run can go gives no row.
select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}}}') \g /dev/null
select begun('{"a": {"type": "t", "retry": {"max_attempts": 2}}, "m": {"type": "t", "needs": "a", "for_each": "a", "concurrency": 2}, "s": {"wait_for": "ok", "needs": "a"}, "t": {"wait": "1h"},
  "c": {"workflow": "child", "needs": "a"}, "z": {"type": "t", "needs": ["m", "s", "t", "c"]}, "alarm": {"type": "t", "needs": ["m", "c"], "when": "failure"}}') as run \gset
select healthy('begun');
-- An attempt that failed, one that expired, one that was released: the task goes on with the same job.
select faultline.fail_job(task_job(:run, 'a'), task_claimed(:run, 'a'), '{}', retry_in => '0') \g /dev/null
select faultline.release_job(task_job(:run, 'a'), task_claimed(:run, 'a')) \g /dev/null
select is(tasks(:run), 'a queued, t running, c waiting, m waiting, s waiting, alarm waiting, z waiting', 'a try that failed is no end');
select healthy('tried, and released');
select task_claimed(:run, 'a') \g /dev/null
update faultline.jobs_live set lease_expires_at = clock_timestamp() - interval '1 s' where state = 'running';
select is(run('select faultline.reap_expired()'), '1', 'the last attempt expires');
select is(tasks(:run) || ': ' || run_is(:run), 'a failed, t running, c skipped, m skipped, s skipped, alarm queued, z waiting: running', 'the reaper ends the task');
select healthy('expired for good');
select task_ends(:run, 'alarm'), faultline.signal_run(:run, 'ok') \g /dev/null
update faultline.tasks set due_at = clock_timestamp() where due_at is not null;
select faultline.wake_tasks() \g /dev/null
select is(tasks(:run) || ': ' || run_is(:run), 'a failed, t succeeded, c skipped, m skipped, s skipped, alarm succeeded, z skipped: failed', 'the run has failed');
select healthy('failed');
select faultline.resume_run(:run), task_ends(:run, 'a', 'succeeded', '[1, 2, 3]') \g /dev/null
select is(tasks(:run), 'a succeeded, t succeeded, c running, m running, m[0] queued, m[1] queued, m[2] waiting, s succeeded, alarm succeeded, z waiting', 'resumed');
select healthy('resumed');
-- A group of reports of several runs and of jobs without one.
select faultline.trigger_workflow('child') as other, job_in('running') as plain \gset
select task_claimed(:run, 'm[0]'), task_claimed(:run, 'm[1]'), task_claimed(:other, 'x'), task_claimed((task(:run, 'c')).child_run_id, 'x') \g /dev/null
select is((select string_agg(verdict, ' ') from faultline.complete_jobs(
    array[task_job((task(:run, 'c')).child_run_id, 'x'), task_job(:run, 'm[1]'), :plain, 424242, task_job(:other, 'x'), task_job(:run, 'm[0]')], array[1, 1, 1, 1, 1, 1])), 'ok ok ok stale ok ok', 'in a group');
select is((select string_agg(verdict, ' ') from faultline.complete_jobs(
    array[task_job((task(:run, 'c')).child_run_id, 'x'), task_job(:run, 'm[1]'), :plain, 424242, task_job(:other, 'x'), task_job(:run, 'm[0]')], array[1, 1, 1, 1, 1, 1])), 'repeat repeat repeat stale repeat repeat', 'and again');
select is(tasks(:run) || ': ' || run_is(:other), 'a succeeded, t succeeded, c succeeded, m running, m[0] succeeded, m[1] succeeded, m[2] queued, s succeeded, alarm succeeded, z waiting: succeeded', 'all that follows');
select healthy('a group');
select task_ends(:run, 'm[2]'), task_ends(:run, 'z') \g /dev/null
select is(run_is(:run), 'succeeded', 'to the end');
select healthy('succeeded');
select begun('{"c": {"workflow": "child"}, "b": {"type": "t"}}', '{}', 'again') as run \gset
select task_claimed(:run, 'b'), faultline.cancel_run(:run) \g /dev/null
select healthy('cancelled');
select faultline.resume_run(:run), task_ends(:run, 'b', 'cancelled'), task_ends((task(:run, 'c')).child_run_id, 'x', 'failed') \g /dev/null
select healthy('resumed, and failed');
-- A transaction's job is no task, but its locks are.
update faultline.runs set created_at = created_at - interval '40 days', finished_at = finished_at - interval '40 days';
select faultline.maintain() \g /dev/null
select healthy('retention');

select * from finish();
