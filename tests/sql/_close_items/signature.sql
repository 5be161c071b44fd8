\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_close_items',
  'r faultline.runs, name text, ended integer, last integer, OUT over boolean, OUT turns bigint[]',
  'record',
  '{}');

select * from finish();
rollback;
