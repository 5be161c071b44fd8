\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'transaction_status',
  'transaction_id text',
  'jsonb',
  '{faultline_observer,faultline_operator,faultline_producer,faultline_runner}');

select * from finish();
rollback;
