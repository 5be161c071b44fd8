\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_tell_transaction',
  'transaction_id text, job_state text',
  'void',
  '{}');

select * from finish();
rollback;
