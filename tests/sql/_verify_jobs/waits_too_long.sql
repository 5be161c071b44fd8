\ir ../../support/operating.sql
select * from no_plan();

select job_in('running') as retried, job_in('queued', '{"run_at": "2100-01-01"}') as future \gset
select faultline.fail_job(:retried, 1, '{}', retry_in => '366 days') \g /dev/null
select healthy('the longest wait there is, and a job of the far future that never failed');
update faultline.jobs_live set ready_at = clock_timestamp() + interval '367 days 1 hour' where job_id = :retried;
select verify_says(array[format('5 waits_too_long: job %s: its retry waits until TIME', :retried)], 'a wait that no verb can have made');
update faultline.jobs_live set ready_at = 'infinity' where job_id = :retried;
select verify_says(array[format('5 waits_too_long: job %s: its retry waits until infinity', :retried)], 'one for ever');

select * from finish();
