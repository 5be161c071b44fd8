\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'remove_runner',
  'runner uuid',
  'void',
  '{faultline_runner}');

select * from finish();
rollback;
