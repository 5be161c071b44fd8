\ir ../../support/workflows.sql
select * from no_plan();

-- Each check, planted and seen.
select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}}}') \g /dev/null
select begun('{"a": {"type": "t"}, "b": {"type": "t", "needs": "a"}, "c": {"workflow": "child"}, "d": {"wait": "1h"}}') as run \gset
select begun('{"e": {"type": "t", "for_each": "input.l", "concurrency": 1}, "s": {"wait_for": "ok"}}', '{"l": [1, 2]}') as other \gset
select (task(:run, 'c')).child_run_id as child \gset
select healthy('healthy before');
create function tap.seen(change text, rows text[], description text) returns setof text language plpgsql as $$
begin
  begin
    set local session_replication_role = replica;
    execute change;
    set local session_replication_role = origin;
    return next verify_says(rows, description);
    raise exception using errcode = 'ZZ000';
  exception when sqlstate 'ZZ000' then
    null;
  end;
end
$$;
select seen(format('update faultline.tasks set state = ''succeeded'', finished_at = now() where run_id = %s and name = ''b''', :run), array[format('10 task_too_early: task b of run %s: it is succeeded, but a, which it needs, is queued', :run)], 'a task that ran too early');
select seen(format('update faultline.tasks set state = ''failed'', finished_at = now() where run_id = %1$s and name = ''a''; delete from faultline.jobs_live where run_id = %1$s; update faultline.tasks set state = ''running'' where run_id = %1$s and name = ''b''', :run),
  array[format('10 task_too_early: task b of run %s: it is running, but a, which it needs, is failed', :run)], 'or after a failure');
select seen(format('update faultline.tasks set state = ''succeeded'', finished_at = now() where run_id = %1$s and name = ''a''; delete from faultline.jobs_live where run_id = %1$s', :run), array[format('10 task_stranded: task b of run %s: all that it needs is over, and it waits', :run)], 'a task that nobody started');
select seen(format('delete from faultline.jobs_live where run_id = %1$s', :run), array[format('10 task_without_job: task a of run %s: it is queued, but its job %s is not live', :run, task_job(:run, 'a'))], 'a task whose job is gone');
select seen(format('update faultline.jobs_live set state = ''failed'', attempt = 1, started_at = now(), finished_at = now() where job_id = %s', task_job(:run, 'a')), array[format('10 task_without_job: task a of run %s: it is queued, but its job %s is not live', :run, task_job(:run, 'a'))], 'or is a dead letter');
select seen(format('delete from faultline.jobs_live where run_id = %1$s and task = ''e[0]''; update faultline.tasks set state = ''succeeded'', finished_at = now() where run_id = %1$s and name = ''e'' and item = 0', :other),
  array[format('10 items_forgotten: task e of run %s: it is running, but none of its elements is', :other)], 'an element whose turn never came');
select seen(format('delete from faultline.jobs_live where run_id = %1$s and task = ''e[0]''; update faultline.tasks set state = ''succeeded'', finished_at = now() where run_id = %1$s and name = ''e'' and item >= 0', :other),
  array[format('10 items_forgotten: task e of run %s: it is running, but none of its elements is', :other)], 'or a for_each that nobody closed');
select seen(format('insert into faultline.run_signals (run_id, name, at) values (%s, ''ok'', now())', :other), array[format('10 signal_forgotten: task s of run %s: it waits for signal ok, which the run was given', :other)], 'a signal that its task did not get');
select seen(format('update faultline.tasks set due_at = now() - interval ''61 s'' where run_id = %s and name = ''d''', :run), array[format('10 task_overslept: task d of run %s: it was due at TIME and nobody woke it', :run)], 'a timer that nobody woke');
select seen(format('update faultline.tasks set due_at = now() - interval ''59 s'' where run_id = %s and name = ''d''', :run), '{}', 'within a minute that is no violation');
select seen(format('update faultline.tasks set state = ''cancelled'', finished_at = now(), due_at = null where run_id = %1$s; delete from faultline.jobs_live where run_id = %1$s; update faultline.tasks set state = ''failed'', finished_at = now() where run_id = %2$s; delete from faultline.jobs_live where run_id = %2$s; update faultline.runs set state = ''failed'', finished_at = now() where run_id = %2$s', :run, :child),
  array[format('10 run_without_tasks: run %s: it is running, and none of its tasks is', :run)], 'a run that nobody finished');
select seen(format('update faultline.runs set state = ''succeeded'', finished_at = now() where run_id = %s; update faultline.tasks set state = ''succeeded'', finished_at = now() where run_id = %s and name = ''c''', :child, :run),
  array[format('10 live_job_of_finished_run: job %s: it is queued, as task x of run %s, which has succeeded', task_job(:child, 'x'), :child), format('10 live_task_of_finished_run: task x of run %s: it is queued, but the run has succeeded', :child)], 'a live task of a finished run, and its job');
select seen(format('delete from faultline.tasks where run_id = %1$s; delete from faultline.runs where run_id = %1$s; update faultline.tasks set child_run_id = null where run_id = %2$s', :child, :run),
  array[format('10 live_job_of_finished_run: job %s: it is queued, as task x of run %s, which has gone', task_job(:child, 'x'), :child)], 'a live job whose run is gone');
select seen(format('update faultline.tasks set state = ''succeeded'', finished_at = now() where run_id = %1$s; delete from faultline.jobs_live where run_id = %1$s; update faultline.runs set state = ''succeeded'', finished_at = now() where run_id = %1$s', :child),
  array[format('10 child_forgotten: task c of run %s: its run %s has succeeded, and the task is running', :run, :child)], 'a child that ended and nobody noticed');
select healthy('healthy after');

select * from finish();
