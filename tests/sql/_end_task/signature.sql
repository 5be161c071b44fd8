\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_end_task',
  'run_id bigint, name text, item integer, state text, result jsonb, error jsonb',
  'void',
  '{}');

select * from finish();
rollback;
