\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_record',
  'job_id bigint, attempt integer, verb text, runner uuid, detail jsonb',
  'void',
  '{}');

select * from finish();
rollback;
