\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_answer',
  'accepted boolean, job_id bigint, attempt integer, verb text',
  'text',
  '{}');

select * from finish();
rollback;
