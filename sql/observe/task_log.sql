-- Every task of every run; item NULL is the task itself, 0 and on are the items of a for_each. For faultline_observer.
create view faultline.task_log as
select
  t.run_id, t.name, nullif(t.item, -1) as item, t.state, t.generation, t.job_id, t.child_run_id, t.result, t.error, t.due_at, t.finished_at
from faultline.tasks t;
comment on view faultline.task_log is 'Every task of every run.';
grant select on faultline.task_log to faultline_observer;
