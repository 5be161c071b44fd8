\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_settle',
  't faultline.transactions',
  'text',
  '{}');

select * from finish();
rollback;
