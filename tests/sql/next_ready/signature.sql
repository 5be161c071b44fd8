\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'next_ready',
  'queues text[]',
  'interval',
  '{faultline_runner}');

select * from finish();
rollback;
