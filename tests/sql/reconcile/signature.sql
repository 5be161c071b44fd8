\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'reconcile',
  'max integer DEFAULT 1000, floor text DEFAULT NULL::text, sweep boolean DEFAULT true',
  'TABLE(transaction_id text, from_state text, to_state text)',
  '{faultline_operator,faultline_runner}');

select * from finish();
rollback;
