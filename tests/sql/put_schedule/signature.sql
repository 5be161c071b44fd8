\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'put_schedule',
  'definition jsonb',
  'integer',
  '{faultline_operator}');

select * from finish();
rollback;
