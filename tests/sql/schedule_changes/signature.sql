\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'schedule_changes',
  'INOUT mark text DEFAULT NULL::text, OUT now timestamp with time zone, OUT schedules jsonb',
  'record',
  '{faultline_operator,faultline_runner}');

select * from finish();
rollback;
