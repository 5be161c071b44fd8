\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'cancelled',
  'job_id bigint, attempt integer',
  'text',
  '{faultline_runner}');

select * from finish();
rollback;
