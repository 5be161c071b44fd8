\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'effect_sent',
  'job_id bigint, attempt integer, transaction_id text, name text',
  'text',
  '{faultline_runner}');

select * from finish();
rollback;
