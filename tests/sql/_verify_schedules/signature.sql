\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_verify_schedules',
  '',
  'TABLE(promise integer, check_name text, subject text, detail text)',
  '{}');

select * from finish();
rollback;
