\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'why',
  'job_id bigint',
  'jsonb',
  '{faultline_observer,faultline_operator}');

select * from finish();
rollback;
