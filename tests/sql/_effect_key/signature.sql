\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_effect_key',
  'transaction_id text, name text',
  'text',
  '{}');

select * from finish();
rollback;
