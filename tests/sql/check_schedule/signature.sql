\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'check_schedule',
  'definition jsonb',
  'jsonb',
  '{faultline_operator}');

select * from finish();
rollback;
