\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'set_account',
  'account text, currency text, floor numeric',
  'numeric',
  '{faultline_operator}');

select * from finish();
rollback;
