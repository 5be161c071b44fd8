\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_refuse_fences',
  'what text, job_ids bigint[], attempts integer[], others json',
  'void',
  '{}');

select * from finish();
rollback;
