\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'resume_run',
  'run_id bigint',
  'text',
  '{faultline_operator}');

select * from finish();
rollback;
