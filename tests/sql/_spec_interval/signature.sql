\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_spec_interval',
  'place text, value jsonb, lowest interval, highest interval',
  'interval',
  '{}');

select * from finish();
rollback;
