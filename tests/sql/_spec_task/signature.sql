\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_spec_task',
  'name text, given jsonb, defaults jsonb',
  'jsonb',
  '{}');

select * from finish();
rollback;
