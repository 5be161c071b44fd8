\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'delete_schedule',
  'name text',
  'boolean',
  '{faultline_operator}');

select * from finish();
rollback;
