-- Verify faultline:jobs on pg

select only_row, retention, event_retention, max_attempts, backoff, lease from faultline.settings where false;
select queue, paused_at, paused_note, max_running, max_attempts, backoff, lease from faultline.queues where false;
select job_id, state, ready_at, attempt, failures, max_attempts, lease_owner, lease_expires_at from faultline.jobs_live where false;
select job_id, from_state, state, finished_at, result from faultline.jobs_done where false;
select job_id, payload from faultline.payloads where false;
select event_id, at, job_id, attempt, verb, runner, actor, detail from faultline.job_events where false;
select queue, key, job_id, arguments_hash, expires_at from faultline.idempotency_keys where false;
select runner, host, pid, version, queues, started_at, last_seen_at from faultline.runners where false;
select null::faultline.claimed_job;
