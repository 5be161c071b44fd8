\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_resume',
  'root bigint',
  'void',
  '{}');

select * from finish();
rollback;
