\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_reopen',
  'run_id bigint',
  'void',
  '{}');

select * from finish();
rollback;
