\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_follow',
  'turns bigint[]',
  'void',
  '{}');

select * from finish();
rollback;
