-- Verify faultline:workflows on pg

select workflow, version, spec, spec_hash, created_at from faultline.workflows where false;
select workflow, version, task, ordinal, definition, needed_by from faultline.workflow_tasks where false;
select workflow, version, task, ordinal, needs from faultline.task_dependencies where false;
select run_id, root_run_id, parent_run_id, parent_task, parent_item, depth, workflow, version, state, input, idempotency_key, created_at, finished_at from faultline.runs where false;
select run_id, name, item, ordinal, generation, state, after_failure, job_id, child_run_id, value, result, error, due_at, finished_at from faultline.tasks where false;
select run_id, name, payload, at from faultline.run_signals where false;
