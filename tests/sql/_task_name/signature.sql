\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_task_name',
  'name text, item integer',
  'text',
  '{}');

select * from finish();
rollback;
