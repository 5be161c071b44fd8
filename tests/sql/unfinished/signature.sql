\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'unfinished',
  'queues text[] DEFAULT NULL::text[], floor text DEFAULT NULL::text',
  'boolean',
  '{faultline_observer,faultline_operator,faultline_runner}');

select * from finish();
rollback;
