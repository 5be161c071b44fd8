\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'advance_floor',
  'queues text[], floor text DEFAULT NULL::text',
  'text',
  '{faultline_observer,faultline_operator,faultline_runner}');

select * from finish();
rollback;
