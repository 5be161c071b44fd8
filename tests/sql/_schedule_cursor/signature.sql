\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_schedule_cursor',
  's faultline.schedules',
  'timestamp with time zone',
  '{}');

select * from finish();
rollback;
