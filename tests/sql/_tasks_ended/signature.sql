\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_tasks_ended',
  'run_id bigint, names text[], items integer[], state text, results jsonb[], error jsonb',
  'void',
  '{}');

select * from finish();
rollback;
