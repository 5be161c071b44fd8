\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'put_workflow',
  'spec jsonb',
  'integer',
  '{faultline_operator}');

select * from finish();
rollback;
