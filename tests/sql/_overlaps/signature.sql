\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_overlaps',
  'name text',
  'text',
  '{}');

select * from finish();
rollback;
