\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'enqueue_many',
  'jobs jsonb',
  'TABLE(ordinal integer, job_id bigint, created boolean)',
  '{faultline_operator,faultline_producer,faultline_runner}');

select * from finish();
rollback;
