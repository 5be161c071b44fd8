\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_check_isolation',
  '',
  'void',
  '{}');

select * from finish();
rollback;
