\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_schedule_interval',
  'key text, value jsonb, lowest interval, highest interval',
  'interval',
  '{}');

select * from finish();
rollback;
