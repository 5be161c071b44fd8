\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_schedule_fault',
  'key text, message text, hint text',
  'void',
  '{}');

select * from finish();
rollback;
