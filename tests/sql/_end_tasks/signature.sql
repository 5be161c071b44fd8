\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_end_tasks',
  'r faultline.runs, names text[], items integer[], state text, results jsonb[], error jsonb',
  'bigint[]',
  '{}');

select * from finish();
rollback;
