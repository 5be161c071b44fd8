\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_trigger',
  'name text, input jsonb, idempotency_key text, headers jsonb',
  'bigint',
  '{}');

select * from finish();
rollback;
