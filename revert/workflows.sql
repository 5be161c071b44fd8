-- Revert faultline:workflows from pg

begin;

drop table faultline.run_signals, faultline.tasks, faultline.runs, faultline.task_dependencies, faultline.workflow_tasks,
  faultline.workflows;

commit;
