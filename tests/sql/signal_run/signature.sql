\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'signal_run',
  'run_id bigint, name text, payload jsonb DEFAULT NULL::jsonb',
  'text',
  '{faultline_operator,faultline_producer,faultline_runner}');

select * from finish();
rollback;
