\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_add_job',
  'job_id bigint, type text, payload jsonb, queue text, run_at timestamp with time zone, priority '
  'integer, max_attempts integer, idempotency_key text, backoff jsonb, timeout interval, tags '
  'text[], headers jsonb, transaction_id text, run_id bigint, task text',
  'bigint',
  '{}');

select * from finish();
rollback;
