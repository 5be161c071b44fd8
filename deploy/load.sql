-- Deploy faultline:load to pg
-- Loads the functions and views, release 0.1.0. They live once, in sql/; psql reads them from there.

\set ON_ERROR_STOP on

begin;

set local role faultline_owner;

\ir ../sql/drop.sql
\ir ../sql/jobs/_answer.sql
\ir ../sql/jobs/_arguments_hash.sql
\ir ../sql/jobs/_backoff_delay.sql
\ir ../sql/jobs/_check_backoff.sql
\ir ../sql/jobs/_check_document.sql
\ir ../sql/jobs/_check_fence.sql
\ir ../sql/jobs/_check_interval.sql
\ir ../sql/jobs/_check_job.sql
\ir ../sql/jobs/_check_name.sql
\ir ../sql/jobs/_end_attempt.sql
\ir ../sql/jobs/_enqueue.sql
\ir ../sql/jobs/_finish.sql
\ir ../sql/jobs/_has_queued.sql
\ir ../sql/jobs/_invalid.sql
\ir ../sql/jobs/_keyed_job.sql
\ir ../sql/jobs/_next_queue.sql
\ir ../sql/jobs/_no_job.sql
\ir ../sql/jobs/_read_floor.sql
\ir ../sql/jobs/_record.sql
\ir ../sql/jobs/_record_stale.sql
\ir ../sql/jobs/_refuse_item.sql
\ir ../sql/jobs/_refused.sql
\ir ../sql/jobs/_ring.sql
\ir ../sql/jobs/advance_floor.sql
\ir ../sql/jobs/append_only.sql
\ir ../sql/jobs/bell.sql
\ir ../sql/jobs/cancelled.sql
\ir ../sql/jobs/claim_job.sql
\ir ../sql/jobs/claim_jobs.sql
\ir ../sql/jobs/complete_job.sql
\ir ../sql/jobs/complete_jobs.sql
\ir ../sql/jobs/enqueue.sql
\ir ../sql/jobs/enqueue_many.sql
\ir ../sql/jobs/fail_job.sql
\ir ../sql/jobs/heartbeat.sql
\ir ../sql/jobs/job_status.sql
\ir ../sql/jobs/jobs_live_moves.sql
\ir ../sql/jobs/next_ready.sql
\ir ../sql/jobs/ready_queues.sql
\ir ../sql/jobs/reap_expired.sql
\ir ../sql/jobs/release_job.sql
\ir ../sql/jobs/release_unknown.sql
\ir ../sql/jobs/report_stale.sql
\ir ../sql/jobs/snooze_job.sql
\ir ../sql/jobs/unfinished.sql
\ir ../sql/operate/_check_settings.sql
\ir ../sql/operate/_days_before.sql
\ir ../sql/operate/_setting_int.sql
\ir ../sql/operate/_setting_interval.sql
\ir ../sql/operate/cancel_job.sql
\ir ../sql/operate/discard_job.sql
\ir ../sql/operate/maintain.sql
\ir ../sql/operate/pause_queue.sql
\ir ../sql/operate/register_runner.sql
\ir ../sql/operate/remove_runner.sql
\ir ../sql/operate/resume_queue.sql
\ir ../sql/operate/retry_job.sql
\ir ../sql/operate/set_queue.sql
\ir ../sql/operate/set_settings.sql
\ir ../sql/observe/_ago.sql
\ir ../sql/observe/_oldest_day.sql
\ir ../sql/observe/_one_line.sql
\ir ../sql/observe/_queue_names.sql
\ir ../sql/observe/_trouble.sql
\ir ../sql/observe/_verify_guards.sql
\ir ../sql/observe/_verify_jobs.sql
\ir ../sql/observe/_verify_keys.sql
\ir ../sql/observe/_verify_privileges.sql
\ir ../sql/observe/event_log.sql
\ir ../sql/observe/jobs.sql
\ir ../sql/observe/metrics.sql
\ir ../sql/observe/queue_overview.sql
\ir ../sql/observe/runner_overview.sql
\ir ../sql/observe/schema_version.sql
\ir ../sql/observe/verify.sql
\ir ../sql/observe/why.sql

commit;
