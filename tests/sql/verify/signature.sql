\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'verify',
  '',
  'TABLE(promise integer, check_name text, subject text, detail text)',
  '{faultline_observer,faultline_operator,faultline_runner}');

select * from finish();
rollback;
