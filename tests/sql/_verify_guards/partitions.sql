\ir ../../support/operating.sql
select * from no_plan();

create function tap.drop_days(parent text, first int, last int) returns void language plpgsql
as $$
begin
  for day in first..last loop
    execute format('drop table faultline.%I', parent || '_' || to_char((now() at time zone 'UTC')::date + day, 'YYYYMMDD'));
  end loop;
end
$$;
select healthy('14 days ahead');
select drop_days(p, 8, 14) from unnest(array['jobs_done', 'job_events']) p \g /dev/null
select healthy('7 days ahead are enough: maintain has a week to run');
select drop_days('jobs_done', 7, 7) \g /dev/null
select verify_says(array['12 partitions_run_out: jobs_done: 6 days ahead have a partition, 7 are wanted: let maintain() run'], '6 are not');
select drop_days('jobs_done', 1, 6), drop_days('job_events', 1, 7) \g /dev/null
select verify_says(array['12 partitions_run_out: jobs_done: 0 days ahead have a partition, 7 are wanted: let maintain() run',
                         '12 partitions_run_out: job_events: 0 days ahead have a partition, 7 are wanted: let maintain() run'], 'each parent is watched');
select faultline.maintain() \g /dev/null
select healthy('maintain makes them');

-- The default partitions are a net, not a place.
insert into faultline.jobs_done (job_id, finished_at, created_at, ready_at, attempt, failures, max_attempts, priority, from_state, state, type, queue, payload, tags)
select nextval('faultline.jobs_live_job_id_seq'), now() - interval '2 days', now(), now(), 1, 0, 5, 2, 'running', 'succeeded', 't', 'default', '{}', '{}';
select verify_says(array['12 default_partition_filled: jobs_done_default: it holds rows of days without a partition: let maintain() run'], 'a finished job in the net');
insert into faultline.job_events (at, verb, actor) values (now() - interval '2 days', 'pause', 'x');
select verify_says(array['12 default_partition_filled: jobs_done_default: it holds rows of days without a partition: let maintain() run',
                         '12 default_partition_filled: job_events_default: it holds rows of days without a partition: let maintain() run'], 'an event in the net');
select faultline.maintain() \g /dev/null
select healthy('maintain empties them');

select * from finish();
