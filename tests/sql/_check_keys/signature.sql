\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_check_keys',
  'place text, value jsonb, known text[]',
  'void',
  '{}');

select * from finish();
rollback;
