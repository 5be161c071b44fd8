\ir ../../support/operating.sql
select * from no_plan();

-- A database in which every verb was used as it is meant to be gives no row: a check that cries wolf is worth nothing.
\set mine '''11111111-1111-1111-1111-111111111111'''
select healthy('a new database');

-- Every way an attempt can end, and again after it.
select job_in('running') as completed, job_in('running') as failed, job_in('running') as dead, job_in('running') as expired,
  job_in('running') as released, job_in('running') as snoozed, job_in('running') as unknown, job_in('queued') as cancelled \gset
select faultline.complete_job(:completed, 1), faultline.complete_job(:completed, 1), faultline.fail_job(:failed, 1, '{}'), faultline.fail_job(:failed, 1, '{}'),
  faultline.fail_job(:dead, 1, '{}', false), faultline.release_job(:released, 1, '1 s'), faultline.snooze_job(:snoozed, 1, '1 s'), faultline.cancel_job(:cancelled) \g /dev/null
update faultline.jobs_live set lease_expires_at = clock_timestamp() where job_id = :expired;
select faultline.reap_expired(), faultline.release_unknown(:mine, array[]::bigint[]) \g /dev/null
select results_eq('select state from faultline.jobs order by job_id',
  $$values ('succeeded'), ('queued'), ('failed'), ('queued'), ('queued'), ('queued'), ('queued'), ('cancelled')$$, 'every job is where its verb leads');
select healthy('completed, failed, expired, released, put off, given back, cancelled; reported twice');
update faultline.jobs_live set ready_at = clock_timestamp();
select run('select count(*) from faultline.claim_job(''default'', ''11111111-1111-1111-1111-111111111111'', 100)') as again \gset
select is(:'again'::text, '5', 'all that is queued runs again');
select healthy('second attempts');
select count(*) from faultline.complete_jobs((select array_agg(job_id) from faultline.jobs where state = 'running'), (select array_agg(attempt) from faultline.jobs where state = 'running')) \g /dev/null
select healthy('which succeed');

-- Refused reports, however they come.
do $$
begin
  perform faultline.complete_job(c.job_id, 1) from faultline.jobs c where c.attempt = 2 limit 1;
exception when sqlstate 'FL001' then null;
end
$$;
select faultline.report_stale(:failed, 1, 'complete'), faultline.report_stale(:failed, 1, 'complete') \g /dev/null
select count(*) from faultline.complete_jobs(array[:released, 424242], '{1,1}') \g /dev/null
select count(*) from faultline.heartbeat(:mine, array[:snoozed]::bigint[], '{1}') \g /dev/null
select isnt_empty($$select from faultline.job_events where verb = 'stale'$$, 'refusals are recorded');
select healthy('refused reports, also of a job that never was');

-- A dead letter that is retried, dies again, is retried, and discarded in the end; the number of attempts is used up each time.
select job_in('running', '{"max_attempts": 2}') as tough \gset
do $$
declare
  job record;
begin
  for round in 1..3 loop
    for failure in 1..2 loop
      if round > 1 or failure > 1 then
        perform from faultline.claim_job('default', gen_random_uuid(), 10);
      end if;
      select j.job_id, j.attempt into strict job from faultline.jobs j where j.state = 'running';
      if failure = 1 then
        perform faultline.fail_job(job.job_id, job.attempt, '{}', retry_in => '0');
      else
        update faultline.jobs_live set lease_expires_at = clock_timestamp() where job_id = job.job_id;
        perform faultline.reap_expired();
      end if;
    end loop;
    assert (select state from faultline.jobs where job_id = job.job_id) = 'failed';
    assert (select count(*) from tap.violations()) = 0;
    if round < 3 then
      perform faultline.retry_job(job.job_id), faultline.retry_job(job.job_id);
    else
      perform faultline.discard_job(job.job_id), faultline.discard_job(job.job_id);
    end if;
  end loop;
end
$$;
select healthy('a dead letter retried twice, and discarded');

-- Cancelled while it runs, whatever its handler does.
select job_in('running') as c1, job_in('running') as c2, job_in('running') as c3, job_in('running') as c4, job_in('running') as c5, job_in('running') as c6 \gset
select faultline.cancel_job(id), faultline.cancel_job(id) from unnest(array[:c1, :c2, :c3, :c4, :c5, :c6]) id \g /dev/null
select healthy('asked to cancel');
select faultline.cancelled(:c1, 1), faultline.fail_job(:c2, 1, '{}'), faultline.release_job(:c3, 1), faultline.snooze_job(:c4, 1, '1 s'), faultline.complete_job(:c5, 1) \g /dev/null
update faultline.jobs_live set lease_expires_at = clock_timestamp() where job_id = :c6;
select faultline.reap_expired() \g /dev/null
select healthy('cancelled, failed, released, put off, completed, expired after that');

-- Keys: repeated, expired and used again, of dead letters.
select job_in('succeeded', '{"idempotency_key": "k"}'), job_in('failed', '{"idempotency_key": "dead"}'), faultline.enqueue('work', idempotency_key => 'dead') \g /dev/null
update faultline.idempotency_keys set expires_at = clock_timestamp();
select faultline.enqueue('other', '{"a": 1}', idempotency_key => 'k') as second \gset
select results_eq($$select key, job_id from faultline.idempotency_keys where key = 'k'$$, format($$values ('k', %s::bigint)$$, :second), 'an expired key stands for new work');
select healthy('keys');
select faultline.discard_job(job_id) from faultline.jobs where idempotency_key = 'dead' \g /dev/null
select faultline.maintain() \g /dev/null
select healthy('the key of a discarded dead letter is forgotten');

-- Settings, queues and runners.
select faultline.set_queue('mail', '{"max_running": 1, "lease": "24 hours", "max_attempts": 1, "backoff": {"delay": "366 days", "max_delay": "366 days"}}'), faultline.pause_queue('mail'),
  faultline.resume_queue('mail'), faultline.set_settings('{"retention": "1 day", "event_retention": "1 day"}'), faultline.register_runner(:mine, 'h', 1, 'v') \g /dev/null
select job_in('running', '{"queue": "mail"}') as long \gset
select healthy('extreme settings');
select faultline.fail_job(:long, 1, '{}', retry_in => '366 days') \g /dev/null
select count(*) from faultline.enqueue_many('[{"type": "t", "run_at": "2400-01-01"}, {"type": "t", "idempotency_key": "m"}, {"type": "t", "idempotency_key": "m"}]') \g /dev/null
select healthy('a retry far away, jobs of the far future');

-- Time passes, retention takes what is old; live jobs of old outlive their events.
select job_in('failed', '{"max_attempts": 3}') as old \gset
set session_replication_role = replica;
update faultline.jobs_live set created_at = created_at - interval '10 days', started_at = started_at - interval '10 days', finished_at = finished_at - interval '10 days';
create table tap.old_done as select * from faultline.jobs_done;
create table tap.old_events as select * from faultline.job_events;
update tap.old_done set finished_at = finished_at - interval '10 days', created_at = created_at - interval '10 days';
update tap.old_events set at = at - interval '10 days';
delete from faultline.jobs_done;
delete from faultline.job_events;
insert into faultline.jobs_done select * from tap.old_done;
insert into faultline.job_events overriding system value select * from tap.old_events;
update faultline.idempotency_keys set created_at = created_at - interval '10 days';
set session_replication_role = origin;
select faultline.maintain() \g /dev/null
select faultline.maintain() \g /dev/null
select is_empty('select from faultline.jobs_done union all select from faultline.job_events', 'history is gone');
select healthy('retention took the history of live jobs');
select faultline.retry_job(:old) \g /dev/null
select healthy('one of them is retried');
select count(*) from faultline.claim_job('default', gen_random_uuid(), 100) \g /dev/null
select faultline.fail_job(job_id, attempt, '{}') from faultline.jobs where state = 'running' \g /dev/null
select healthy('and fails again');
select faultline.set_settings('{"retention": null, "event_retention": null}') \g /dev/null
select healthy('retention is longer from now on');

select * from finish();
