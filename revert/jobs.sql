-- Revert faultline:jobs from pg

begin;

drop type faultline.claimed_job;
drop table faultline.runners, faultline.idempotency_keys, faultline.job_events, faultline.payloads, faultline.jobs_done,
  faultline.jobs_live, faultline.queues, faultline.settings;

commit;
