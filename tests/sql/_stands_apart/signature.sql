\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_stands_apart',
  'payload jsonb',
  'boolean',
  '{}');

select * from finish();
rollback;
