\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'discard_job',
  'job_id bigint',
  'text',
  '{faultline_operator}');

select * from finish();
rollback;
