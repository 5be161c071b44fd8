\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_trouble',
  'error jsonb',
  'text',
  '{}');

select * from finish();
rollback;
