\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_end_attempt',
  'job_id bigint, attempt integer, verb text, charge boolean, retryable boolean, delay interval, '
  'error jsonb, reporter uuid',
  'text',
  '{}');

select * from finish();
rollback;
