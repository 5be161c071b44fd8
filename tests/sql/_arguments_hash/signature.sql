\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_arguments_hash',
  'type text, payload jsonb',
  'bigint',
  '{}');

select * from finish();
rollback;
