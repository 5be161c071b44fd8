\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'resume_schedule',
  'name text',
  'void',
  '{faultline_operator}');

select * from finish();
rollback;
