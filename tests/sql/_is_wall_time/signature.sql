\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_is_wall_time',
  'calendar jsonb, wall timestamp without time zone',
  'boolean',
  '{}');

select * from finish();
rollback;
