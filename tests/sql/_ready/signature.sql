\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_ready',
  'r faultline.runs, ended text[]',
  'SETOF text',
  '{}');

select * from finish();
rollback;
