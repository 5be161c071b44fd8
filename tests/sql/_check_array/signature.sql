\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_check_array',
  'what text, value jsonb, example text',
  'integer',
  '{}');

select * from finish();
rollback;
