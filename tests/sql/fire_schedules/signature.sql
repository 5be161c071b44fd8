\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'fire_schedules',
  'ticks jsonb',
  'TABLE(ordinal integer, schedule text, tick_at timestamp with time zone, outcome text, job_id bigint, run_id bigint, cursor timestamp with time zone, detail text)',
  '{faultline_operator,faultline_runner}');

select * from finish();
rollback;
