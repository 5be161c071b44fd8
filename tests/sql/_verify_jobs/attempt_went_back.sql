\ir ../../support/operating.sql
select * from no_plan();

select job_in('failed') as dead, job_in('running') as released, job_in('discarded') as discarded \gset
select faultline.release_job(:released, 1), faultline.retry_job(:dead) \g /dev/null
select healthy('attempts that ended and stand where they were');
set session_replication_role = replica;
update faultline.jobs_live set attempt = 0 where job_id = :released;
update faultline.jobs_done set attempt = 0 where job_id = :discarded;
set session_replication_role = origin;
select verify_says(array[
    format('3 attempt_went_back: job %s: it is at attempt 0, but attempt 1 has been reported', :released),
    format('3 attempt_went_back: job %s: it is at attempt 0, but attempt 1 has been reported', :discarded)],
  'a live and a finished job whose attempt is behind what was reported');

select * from finish();
