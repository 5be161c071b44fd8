\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'fail_jobs',
  'job_ids bigint[], attempts integer[], errors jsonb[] DEFAULT NULL::jsonb[], retryables boolean[] DEFAULT NULL::boolean[], '
  'retry_ins interval[] DEFAULT NULL::interval[]',
  'TABLE(job_id bigint, verdict text)',
  '{faultline_runner}');

select * from finish();
rollback;
