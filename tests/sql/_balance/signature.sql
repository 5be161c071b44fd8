\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_balance',
  'account text, currency text',
  'numeric',
  '{}');

select * from finish();
rollback;
