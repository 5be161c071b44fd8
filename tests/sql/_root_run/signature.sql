\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_root_run',
  'run_id bigint, verb text',
  'faultline.runs',
  '{}');

select * from finish();
rollback;
