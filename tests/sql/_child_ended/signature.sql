\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_child_ended',
  'r faultline.runs',
  'bigint[]',
  '{}');

select * from finish();
rollback;
