\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'maintain',
  '',
  'jsonb',
  '{faultline_operator,faultline_runner}');

select * from finish();
rollback;
