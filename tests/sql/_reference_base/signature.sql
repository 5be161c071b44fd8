\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_reference_base',
  'reference text, needs jsonb',
  'text',
  '{}');

select * from finish();
rollback;
