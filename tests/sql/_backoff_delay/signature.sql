\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_backoff_delay',
  'backoff jsonb, failures integer',
  'interval',
  '{}');

select * from finish();
rollback;
