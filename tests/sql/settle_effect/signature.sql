\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'settle_effect',
  'job_id bigint, attempt integer, transaction_id text, name text, state text, response jsonb '
  'DEFAULT NULL::jsonb',
  'text',
  '{faultline_runner}');

select * from finish();
rollback;
