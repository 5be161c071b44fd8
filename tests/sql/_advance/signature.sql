\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_advance',
  'r faultline.runs, ended text[]',
  'bigint[]',
  '{}');

select * from finish();
rollback;
