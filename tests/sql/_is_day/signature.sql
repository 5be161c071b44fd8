\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_is_day',
  'calendar jsonb, day date',
  'boolean',
  '{}');

select * from finish();
rollback;
