\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_needs_results',
  'r faultline.runs, task text, definition jsonb, OUT results jsonb, OUT bytes bigint, OUT error jsonb',
  'record',
  '{}');

select * from finish();
rollback;
