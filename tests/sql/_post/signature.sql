\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_post',
  'entry_id bigint, postings jsonb',
  'void',
  '{}');

select * from finish();
rollback;
