\ir ../../support/prelude.sql
begin;
select * from no_plan();

select refuses('select faultline._no_job(7)', 'FL005', 'there is no job 7', 'names the job');
select refuses('select faultline._no_job(null)', 'FL005', 'there is no job NULL', 'or says NULL');

select * from finish();
rollback;
