\ir ../../support/operating.sql
select * from no_plan();

select job_in('succeeded') as twice, job_in('queued') as once \gset
select healthy('a finished and a queued job');
insert into faultline.jobs_live (job_id, type, queue, payload, priority, max_attempts, ready_at, created_at)
values (:twice, 'work', 'default', '{}', 2, 5, now(), now());
select verify_says(array[format('1 job_in_two_places: job %s: it is queued in jobs_live and succeeded in jobs_done', :twice)], 'a job that is live and finished');

select * from finish();
