\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_is_tick',
  's faultline.schedules, tick_at timestamp with time zone',
  'boolean',
  '{}');

select * from finish();
rollback;
