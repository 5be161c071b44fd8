\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_fold_postings',
  'max integer',
  'bigint',
  '{}');

select * from finish();
rollback;
