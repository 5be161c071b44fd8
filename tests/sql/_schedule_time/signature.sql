\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_schedule_time',
  'key text, value jsonb',
  'timestamp with time zone',
  '{}');

select * from finish();
rollback;
