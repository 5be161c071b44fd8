\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_refuse_transaction',
  '',
  'trigger',
  '{}');

select * from finish();
rollback;
