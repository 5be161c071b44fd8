\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_invalid',
  'message text, hint text DEFAULT NULL::text',
  'void',
  '{}');

select * from finish();
rollback;
