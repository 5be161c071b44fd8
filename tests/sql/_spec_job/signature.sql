\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_spec_job',
  'place text, given jsonb',
  'jsonb',
  '{}');

select * from finish();
rollback;
