\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'fire_now',
  'name text, OUT job_id bigint, OUT run_id bigint',
  'record',
  '{faultline_operator}');

select * from finish();
rollback;
