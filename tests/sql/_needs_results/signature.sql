\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_needs_results',
  'r faultline.runs, definition jsonb',
  'jsonb',
  '{}');

select * from finish();
rollback;
