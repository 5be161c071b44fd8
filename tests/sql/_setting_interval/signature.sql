\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_setting_interval',
  'settings jsonb, key text, lowest interval, highest interval',
  'interval',
  '{}');

select * from finish();
rollback;
