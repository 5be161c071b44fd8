\ir ../../support/operating.sql
select * from no_plan();

select job_in(s, jsonb_build_object('idempotency_key', s)) from unnest(array['queued', 'running', 'failed', 'succeeded', 'cancelled', 'discarded']) s \g /dev/null
select healthy('keys of live and finished jobs');
select job_in('queued', '{"idempotency_key": "it''s lost", "queue": "mail"}') as lost \gset
delete from faultline.jobs_live where job_id = :lost;
select verify_says(array[format('1 key_without_job: key ''it''''s lost'' of queue mail: its job %s is neither live nor finished, and too young for retention', :lost)],
  'a job that was enqueued and is nowhere');

-- Old keys prove nothing: retention may have taken their jobs.
update faultline.idempotency_keys set created_at = now() - interval '30 days 1 minute' where job_id = :lost;
select healthy('a key that is older than retention');
update faultline.idempotency_keys set created_at = now() - interval '29 days' where job_id = :lost;
select healthy('nor one of a day whose history is not there any more');
set role faultline_owner;
create table faultline.jobs_done_20200101 partition of faultline.jobs_done for values from ('2020-01-01 00:00+00') to ('2020-01-02 00:00+00');
reset role;
select verify_says(array[format('1 key_without_job: key ''it''''s lost'' of queue mail: its job %s is neither live nor finished, and too young for retention', :lost)],
  'but one within retention whose history is there');

select * from finish();
