\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_schedule_job',
  'key text, value jsonb',
  'void',
  '{}');

select * from finish();
rollback;
