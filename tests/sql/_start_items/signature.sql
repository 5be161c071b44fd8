\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_start_items',
  'r faultline.runs, name text, definition jsonb, most integer, behind integer',
  'bigint[]',
  '{}');

select * from finish();
rollback;
