\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'release_unknown',
  'runner uuid, known bigint[]',
  'bigint',
  '{faultline_runner}');

select * from finish();
rollback;
