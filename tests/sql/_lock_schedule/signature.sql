\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_lock_schedule',
  'name text',
  'faultline.schedules',
  '{}');

select * from finish();
rollback;
