\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_lock_transaction',
  'job faultline.jobs_live, transaction_id text',
  'faultline.transactions',
  '{}');

select * from finish();
rollback;
