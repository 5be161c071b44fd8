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
-- What is asked once is not asked for each of them.
begin;
set local track_functions = 'pl';
select job_in('succeeded', large('n' || n)) from generate_series(1, 20) n \g /dev/null
select is_empty('select * from faultline._verify_jobs()', 'twenty more');
select is(calls, 2::bigint, 'the first day of history is looked for once, of jobs and of events') from pg_stat_xact_user_functions where funcname = '_oldest_day';
rollback;
insert into faultline.payloads values (:small + 1000, '{}');
select verify_says(array[format('1 payload_without_job: job %s: its payload is there, and it is neither live nor finished', :small + 1000)], 'a payload of no job');
-- Before all history it may be that of a day that is gone: maintain removes it.
delete from faultline.payloads where job_id = :small + 1000;
insert into faultline.payloads values (-1, '{}');
select healthy('what history has left');

select * from finish();
