\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'enqueue_bulk',
  'type text, payloads jsonb, queue text DEFAULT ''default''::text, run_at timestamp with time zone DEFAULT NULL::timestamp with time zone, priority integer DEFAULT 2, max_attempts integer DEFAULT NULL::integer, backoff jsonb DEFAULT NULL::jsonb, timeout interval DEFAULT NULL::interval, tags text[] DEFAULT ''{}''::text[], headers jsonb DEFAULT NULL::jsonb',
  'SETOF bigint',
  '{faultline_operator,faultline_producer,faultline_runner}');

select * from finish();
rollback;
