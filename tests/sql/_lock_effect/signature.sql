\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_lock_effect',
  'job_id bigint, attempt integer, transaction_id text, name text',
  'faultline.effects',
  '{}');

select * from finish();
rollback;
