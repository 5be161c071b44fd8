\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_task_ended',
  'job faultline.jobs_live, state text, error jsonb',
  'void',
  '{}');

select * from finish();
rollback;
