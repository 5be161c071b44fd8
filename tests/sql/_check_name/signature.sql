\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_check_name',
  'what text, value text',
  'void',
  '{}');

select * from finish();
rollback;
