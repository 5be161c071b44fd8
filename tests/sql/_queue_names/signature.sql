\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_queue_names',
  'token jsonb, max integer',
  'SETOF text',
  '{}');

select * from finish();
rollback;
