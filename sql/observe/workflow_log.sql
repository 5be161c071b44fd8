-- Every version of every workflow. For faultline_observer.
create view faultline.workflow_log as
select w.workflow, w.version, w.spec, w.created_at
from faultline.workflows w;
comment on view faultline.workflow_log is 'Every version of every workflow, as it was put.';
grant select on faultline.workflow_log to faultline_observer;
