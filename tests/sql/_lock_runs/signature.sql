\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_lock_runs',
  'run_ids bigint[]',
  'void',
  '{}');

select * from finish();
rollback;
