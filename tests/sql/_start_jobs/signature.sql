\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_start_jobs',
  'r faultline.runs, names text[], items integer[]',
  'void',
  '{}');

select * from finish();
rollback;
