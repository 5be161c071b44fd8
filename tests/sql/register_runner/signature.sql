\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'register_runner',
  'runner uuid, host text, pid integer, version text, queues text[] DEFAULT NULL::text[]',
  'integer',
  '{faultline_runner}');

select * from finish();
rollback;
