\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_finish_run',
  'r faultline.runs',
  'boolean',
  '{}');

select * from finish();
rollback;
