\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_days_before',
  'parent text, until timestamp with time zone',
  'SETOF text',
  '{}');

select * from finish();
rollback;
