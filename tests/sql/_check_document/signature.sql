\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_check_document',
  'what text, document jsonb, must_be_object boolean',
  'void',
  '{}');

select * from finish();
rollback;
