\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'account_balance',
  'account text, currency text DEFAULT NULL::text',
  'numeric',
  '{faultline_observer,faultline_operator,faultline_runner}');

select * from finish();
rollback;
