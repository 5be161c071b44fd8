\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_lock_attempt',
  'job_id bigint, attempt integer',
  'faultline.jobs_live',
  '{}');

select * from finish();
rollback;
