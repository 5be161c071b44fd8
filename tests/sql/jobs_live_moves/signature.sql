\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_refuse_move',
  '',
  'trigger',
  '{}');

select * from finish();
rollback;
