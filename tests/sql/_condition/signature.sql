\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_condition',
  'r faultline.runs, task text, definition jsonb, OUT holds boolean, OUT error jsonb',
  'record',
  '{}');

select * from finish();
rollback;
