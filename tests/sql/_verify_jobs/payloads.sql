\ir ../../support/operating.sql
select * from no_plan();

select job_in('queued', large('a')) as queued, job_in('succeeded', large('b')) as done, job_in('running', large('c')) as running, job_in('queued') as small \gset
select healthy('jobs whose payloads stand apart');
create temporary table kept as select * from faultline.payloads;
delete from faultline.payloads where job_id in (:queued, :done);
select verify_says(array[format('1 payload_missing: job %s: its payload stands apart, and is not there', :queued), format('1 payload_missing: job %s: its payload stands apart, and is not there', :done)],
  'payloads of a live and of a finished job that are gone');
insert into faultline.payloads select * from kept where job_id in (:queued, :done);
select healthy('back again');
insert into faultline.payloads values (:small + 1000, '{}');
select verify_says(array[format('1 payload_without_job: job %s: its payload is there, and it is neither live nor finished', :small + 1000)], 'a payload of no job');

select * from finish();
