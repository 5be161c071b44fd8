\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'trigger_workflow',
  'name text, input jsonb DEFAULT ''{}''::jsonb, idempotency_key text DEFAULT NULL::text, headers jsonb DEFAULT NULL::jsonb',
  'bigint',
  '{faultline_operator,faultline_producer,faultline_runner}');

select * from finish();
rollback;
