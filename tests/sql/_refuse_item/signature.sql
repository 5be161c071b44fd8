\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_refuse_item',
  'ordinal bigint, item jsonb',
  'boolean',
  '{}');

select * from finish();
rollback;
