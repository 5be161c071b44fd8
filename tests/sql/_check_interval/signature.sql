\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_check_interval',
  'what text, value interval, lowest interval, highest interval',
  'void',
  '{}');

select * from finish();
rollback;
