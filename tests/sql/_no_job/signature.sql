\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_no_job',
  'job_id bigint',
  'void',
  '{}');

select * from finish();
rollback;
