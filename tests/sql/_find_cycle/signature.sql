\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_find_cycle',
  'names text[], definitions jsonb[], waits integer[]',
  'text[]',
  '{}');

select * from finish();
rollback;
