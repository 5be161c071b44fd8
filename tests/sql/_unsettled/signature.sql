\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_unsettled',
  'max integer',
  'SETOF text',
  '{}');

select * from finish();
rollback;
