\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_start_task',
  'r faultline.runs, name text, definition jsonb, OUT over boolean, OUT turns bigint[]',
  'record',
  '{}');

select * from finish();
rollback;
