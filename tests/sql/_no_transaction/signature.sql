\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_no_transaction',
  'transaction_id text',
  'void',
  '{}');

select * from finish();
rollback;
