\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_task_fault',
  'place text, message text, hint text',
  'void',
  '{}');

select * from finish();
rollback;
