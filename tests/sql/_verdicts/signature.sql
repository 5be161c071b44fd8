\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_verdicts',
  'job_ids bigint[], attempts integer[], done_ids bigint[], done_attempts integer[], verb text',
  'TABLE(job_id bigint, verdict text)',
  '{}');

select * from finish();
rollback;
