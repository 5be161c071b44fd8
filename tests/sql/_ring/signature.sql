\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_ring',
  'queue text',
  'boolean',
  '{}');

select * from finish();
rollback;
