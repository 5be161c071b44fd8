\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'ready_queues',
  'max integer DEFAULT 1000, floor text DEFAULT NULL::text',
  'SETOF text',
  '{faultline_runner}');

select * from finish();
rollback;
