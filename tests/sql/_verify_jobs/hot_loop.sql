\ir ../../support/operating.sql
select * from no_plan();

select job_in('queued') as hot \gset
create function tap.turn(times int) returns void language plpgsql
as $$
begin
  for n in 1..times loop
    perform faultline.release_job(c.job_id, c.attempt) from faultline.claim_job('default', gen_random_uuid()) c;
  end loop;
end
$$;
select turn(100);
select healthy('given back 100 times within a minute');
select turn(1);
select verify_says(array[format('5 hot_loop: job %s: 101 attempts of it ended within a minute', :hot)], 'and once more');
-- A minute ago may have been yesterday.
select has_day('job_events', now() - interval '1 day');
set session_replication_role = replica;
update faultline.job_events set at = at - interval '1 minute' where attempt = 1;
set session_replication_role = origin;
select healthy('over a longer time it is none');

-- A handler that waits on purpose is no loop, however often it looks; one that hardly waits is.
create function tap.wait(job bigint, times int, delay interval) returns void language plpgsql
as $$
declare
  attempt int;
begin
  update faultline.jobs_live set queue = 'waits' where job_id = job;
  for n in 1..times loop
    update faultline.jobs_live set ready_at = clock_timestamp() where job_id = job;
    select c.attempt into strict attempt from faultline.claim_job('waits', gen_random_uuid()) c;
    perform faultline.snooze_job(job, attempt, delay);
  end loop;
  update faultline.jobs_live set queue = 'default' where job_id = job;
end
$$;
select job_in('queued') as patient, job_in('queued') as restless \gset
select wait(:patient, 150, '100 ms');
select healthy('put off for 100 ms, 150 times within a minute');
select wait(:restless, 101, '99 ms');
select verify_says(array[format('5 hot_loop: job %s: 101 attempts of it ended within a minute', :restless)], 'for 99 ms, 101 times');

select * from finish();
