\ir ../../support/operating.sql
select * from no_plan();

select job_in('running', '{"max_attempts": 2}') as above, job_in('running', '{"max_attempts": 1}') as last, job_in('running', '{"max_attempts": 2}') as below \gset
select faultline.fail_job(id, 1, '{}') from unnest(array[:last, :below]) id \g /dev/null
select healthy('a dead letter with all its failures, and a job with one left');
alter table faultline.jobs_live drop constraint jobs_live_failures;
set session_replication_role = replica;
update faultline.jobs_live set failures = 3, attempt = 1 where job_id = :above;
update faultline.jobs_live set failures = 2 where job_id = :below;
set session_replication_role = origin;
insert into faultline.job_events (at, job_id, attempt, verb, actor)
select clock_timestamp(), id, -n, 'fail', 'x' from (values (:above, 3), (:below, 1)) v (id, many), generate_series(1, many) n;
select verify_says(array[
    format('5 too_many_failures: job %s: it is running with 3 failures of at most 2', :above),
    format('5 too_many_failures: job %s: it is queued with 2 failures of at most 2', :below),
    '5 guard_missing: constraint jobs_live_failures: table jobs_live has no such constraint, or it is not in force'],
  'more failures than attempts, or queued with all of them used up');

select * from finish();
