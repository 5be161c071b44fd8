\ir ../../support/operating.sql
select * from no_plan();

select job_in('failed') as failed, job_in('succeeded') as succeeded, job_in('running') as running \gset
select faultline.release_job(:running, 1, '1 h') \g /dev/null
select healthy('attempts that ended once');
insert into faultline.job_events (at, job_id, attempt, verb, actor) values
  (clock_timestamp(), :running, 1, 'snooze', 'x'), (clock_timestamp(), :succeeded, 1, 'release', 'x');
select verify_says(array[
    format('4 attempt_ended_twice: attempt 1 of job %s: it ended by release and by snooze', :running),
    format('4 attempt_ended_twice: attempt 1 of job %s: it ended by complete and by release', :succeeded)],
  'an attempt that was given back twice, and one that was given back and succeeded');

select * from finish();
