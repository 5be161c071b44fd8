\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_finish_jobs',
  'run_ids bigint[], state text',
  'void',
  '{}');

select * from finish();
rollback;
