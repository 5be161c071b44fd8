\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_start_child',
  'r faultline.runs, name text, item integer, definition jsonb, element jsonb',
  'bigint',
  '{}');

select * from finish();
rollback;
