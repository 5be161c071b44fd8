\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_utc',
  'moment timestamp with time zone',
  'text',
  '{}');

select * from finish();
rollback;
