\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'pause_schedule',
  'name text, note text DEFAULT NULL::text',
  'void',
  '{faultline_operator}');

select * from finish();
rollback;
