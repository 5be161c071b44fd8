\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_check_amount',
  'what text, amount jsonb',
  'void',
  '{}');

select * from finish();
rollback;
