\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'run_status',
  'run_id bigint',
  'jsonb',
  '{faultline_observer,faultline_operator,faultline_producer,faultline_runner}');

select * from finish();
rollback;
