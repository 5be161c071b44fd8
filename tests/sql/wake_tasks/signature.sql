\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'wake_tasks',
  'max integer DEFAULT 1000, floor text DEFAULT NULL::text',
  'bigint',
  '{faultline_operator,faultline_runner}');

select * from finish();
rollback;
