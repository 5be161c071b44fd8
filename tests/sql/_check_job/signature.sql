\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_check_job',
  'type text, payload jsonb, queue text, run_at timestamp with time zone, priority integer, '
  'max_attempts integer, idempotency_key text, idempotency_ttl interval, backoff jsonb, '
  'timeout interval, tags text[], headers jsonb',
  'void',
  '{}');

select * from finish();
rollback;
