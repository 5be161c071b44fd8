\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'fail_transaction',
  'transaction_id text, reason text',
  'text',
  '{faultline_operator}');

select * from finish();
rollback;
