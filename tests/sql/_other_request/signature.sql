\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_other_request',
  't faultline.transactions',
  'void',
  '{}');

select * from finish();
rollback;
