\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'heartbeat',
  'runner uuid, job_ids bigint[], attempts integer[], lease interval DEFAULT NULL::interval',
  'TABLE(job_id bigint, verdict text, cancel_requested boolean)',
  '{faultline_runner}');

select * from finish();
rollback;
