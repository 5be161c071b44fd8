\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_oldest_day',
  'parent text',
  'timestamp with time zone',
  '{}');

select * from finish();
rollback;
