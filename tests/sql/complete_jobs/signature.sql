\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'complete_jobs',
  'job_ids bigint[], attempts integer[], results jsonb[] DEFAULT NULL::jsonb[]',
  'TABLE(job_id bigint, verdict text)',
  '{faultline_runner}');

select * from finish();
rollback;
