\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'effects_to_ask',
  'names text[] DEFAULT NULL::text[], max integer DEFAULT 100',
  'TABLE(transaction_id text, name text, key text, request jsonb, job_id bigint, attempt integer, asks integer)',
  '{faultline_operator,faultline_runner}');

select * from finish();
rollback;
