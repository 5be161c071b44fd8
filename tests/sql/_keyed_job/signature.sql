\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_keyed_job',
  'queue text, key text, ttl interval, type text, payload jsonb, new_job_id bigint',
  'bigint',
  '{}');

select * from finish();
rollback;
