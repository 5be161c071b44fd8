\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'complete_job',
  'job_id bigint, attempt integer, result jsonb DEFAULT NULL::jsonb',
  'text',
  '{faultline_runner}');

select * from finish();
rollback;
