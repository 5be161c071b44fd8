\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'task_contexts',
  'job_ids bigint[]',
  'TABLE(job_id bigint, run_id bigint, name text, item jsonb, input jsonb, results jsonb, error jsonb)',
  '{faultline_runner}');

select * from finish();
rollback;
