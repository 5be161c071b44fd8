\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_keep_apart',
  'job_id bigint, payload jsonb',
  'boolean',
  '{}');

select * from finish();
rollback;
