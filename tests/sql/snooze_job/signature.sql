\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'snooze_job',
  'job_id bigint, attempt integer, for_ interval',
  'text',
  '{faultline_runner}');

select * from finish();
rollback;
