\ir ../../support/operating.sql
select * from no_plan();

select job_in('succeeded') as twice, job_in('cancelled') as once \gset
select healthy('two jobs that finished once');
create temporary table again as select * from faultline.jobs_done where job_id = :twice;
update again set finished_at = finished_at + interval '1 second';
insert into faultline.jobs_done select * from again;
select verify_says(array[format('1 finished_twice: job %s: it has 2 rows in jobs_done', :twice)], 'a job that finished at two times');

select * from finish();
