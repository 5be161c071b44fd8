\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_check_fence',
  'job_id bigint, attempt integer',
  'void',
  '{}');

select * from finish();
rollback;
