\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_apply',
  'job_id bigint, attempt integer, transaction_id text, effect jsonb, postings jsonb, completing '
  'boolean, OUT entry_id bigint, OUT created boolean',
  'record',
  '{}');

select * from finish();
rollback;
