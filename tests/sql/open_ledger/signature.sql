\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'open_ledger',
  'job_id bigint, attempt integer, transaction_id text',
  'bigint',
  '{faultline_runner}');

select * from finish();
rollback;
