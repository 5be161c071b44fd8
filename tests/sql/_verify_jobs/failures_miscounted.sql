\ir ../../support/operating.sql
select * from no_plan();

select job_in('running') as failed, job_in('failed') as retried, job_in('running') as expired, job_in('running') as snoozed \gset
select faultline.fail_job(:failed, 1, '{}'), faultline.retry_job(:retried), faultline.snooze_job(:snoozed, 1, '1 h') \g /dev/null
update faultline.jobs_live set lease_expires_at = clock_timestamp() where job_id = :expired;
select faultline.reap_expired() \g /dev/null
select results_eq('select failures from faultline.jobs_live order by job_id', 'values (1), (0), (1), (0)', 'failed, retried, expired, put off');
select healthy('what is counted is what was recorded');
update faultline.jobs_live set failures = failures + 1 where job_id in (:failed, :retried);
update faultline.jobs_live set failures = 0 where job_id = :expired;
\set v1 '5 failures_miscounted: job %s: it counts %s failures, its events since the last retry show %s'
select verify_says(array[format(:'v1', :failed, 2, 1), format(:'v1', :retried, 1, 0), format(:'v1', :expired, 0, 1)], 'charged without a record, or not charged');

-- Retention may have taken the events of old jobs.
update faultline.jobs_live set created_at = now() - interval '90 days 1 minute';
select healthy('a job that is older than the retention of events');
update faultline.jobs_live set created_at = now() - interval '80 days';
select healthy('nor one of a day whose events are not there any more');
set role faultline_owner;
create table faultline.job_events_20200101 partition of faultline.job_events for values from ('2020-01-01 00:00+00') to ('2020-01-02 00:00+00');
reset role;
select verify_says(array[format(:'v1', :failed, 2, 1), format(:'v1', :retried, 1, 0), format(:'v1', :expired, 0, 1)], 'but one within it whose events are there');

select * from finish();
