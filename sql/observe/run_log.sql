-- Every run. For faultline_observer.
create view faultline.run_log as
select r.run_id, r.workflow, r.version, r.state, r.input, r.idempotency_key, r.parent_run_id, r.parent_task, r.created_at, r.finished_at
from faultline.runs r;
comment on view faultline.run_log is 'Every run of a workflow.';
grant select on faultline.run_log to faultline_observer;
