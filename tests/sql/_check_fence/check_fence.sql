\ir ../../support/prelude.sql
begin;
select * from no_plan();

select lives_ok('select faultline._check_fence(1, 1)', 'both halves are there');
select refuses('select faultline._check_fence(null, 1)', 'FL004', 'job_id is NULL and attempt is 1', 'no job');
select refuses('select faultline._check_fence(1, null)', 'FL004', 'job_id is 1 and attempt is NULL', 'no attempt');
select refuses('select faultline._check_fence(null, null)', 'FL004', 'job_id is NULL and attempt is NULL', 'neither');

select * from finish();
rollback;
