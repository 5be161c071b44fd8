\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_one_line',
  'value text, length integer',
  'text',
  '{}');

select * from finish();
rollback;
