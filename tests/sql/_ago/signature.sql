\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_ago',
  'span interval',
  'text',
  '{}');

select * from finish();
rollback;
