\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_complete_tasks',
  'job_ids bigint[], attempts integer[], results jsonb[], OUT done_ids bigint[], OUT done_attempts integer[]',
  'record',
  '{}');

select * from finish();
rollback;
