\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_take_turn',
  'queue text',
  'void',
  '{}');

select * from finish();
rollback;
