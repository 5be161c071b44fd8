\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'fire_schedule',
  'name text, tick_at timestamp with time zone, version integer, backfill boolean DEFAULT false, OUT job_id bigint, OUT run_id bigint, OUT created boolean',
  'record',
  '{faultline_operator,faultline_runner}');

select * from finish();
rollback;
