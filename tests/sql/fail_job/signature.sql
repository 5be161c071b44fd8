\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'fail_job',
  'job_id bigint, attempt integer, error jsonb, retryable boolean DEFAULT true, '
  'retry_in interval DEFAULT NULL::interval',
  'text',
  '{faultline_runner}');

select * from finish();
rollback;
