\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_account_bucket',
  'account text, currency text',
  'integer',
  '{}');

select * from finish();
rollback;
