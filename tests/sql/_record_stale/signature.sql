\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_record_stale',
  'job_id bigint, attempt integer, verb text, runner uuid',
  'void',
  '{}');

select * from finish();
rollback;
