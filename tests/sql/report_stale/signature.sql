\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'report_stale',
  'job_id bigint, attempt integer, verb text',
  'void',
  '{faultline_runner}');

select * from finish();
rollback;
