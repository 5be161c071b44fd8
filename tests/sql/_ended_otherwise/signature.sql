\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_ended_otherwise',
  'job_id bigint, attempt integer, transaction_id text',
  'void',
  '{}');

select * from finish();
rollback;
