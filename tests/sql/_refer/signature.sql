\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_refer',
  'r faultline.runs, definition jsonb, reference text',
  'jsonb',
  '{}');

select * from finish();
rollback;
