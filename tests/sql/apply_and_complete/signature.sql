\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'apply_and_complete',
  'job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb DEFAULT '
  'NULL::jsonb, result jsonb DEFAULT NULL::jsonb, OUT entry_id bigint, OUT created boolean',
  'record',
  '{faultline_runner}');

select * from finish();
rollback;
