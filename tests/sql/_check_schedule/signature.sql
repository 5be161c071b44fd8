\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_check_schedule',
  'definition jsonb',
  'jsonb',
  '{}');

select * from finish();
rollback;
