\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_make_tick',
  's faultline.schedules, tick_at timestamp with time zone, kind text, missed integer, OUT outcome text, OUT job_id bigint, OUT run_id bigint, OUT detail text',
  'record',
  '{}');

select * from finish();
rollback;
