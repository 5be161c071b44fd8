\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'begin_effect',
  'job_id bigint, attempt integer, transaction_id text, name text, request jsonb DEFAULT '
  '''{}''::jsonb, OUT key text, OUT state text, OUT response jsonb',
  'record',
  '{faultline_runner}');

select * from finish();
rollback;
