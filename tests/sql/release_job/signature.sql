\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'release_job',
  'job_id bigint, attempt integer, delay interval DEFAULT NULL::interval',
  'text',
  '{faultline_runner}');

select * from finish();
rollback;
