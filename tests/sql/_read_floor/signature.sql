\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_read_floor',
  'floor text, now_ timestamp with time zone',
  'jsonb',
  '{}');

select * from finish();
rollback;
