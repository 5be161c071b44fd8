\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'bell',
  'queue text',
  'integer',
  '{faultline_runner}');

select * from finish();
rollback;
