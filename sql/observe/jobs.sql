-- Every job, live and finished: what people query. run_at is when the job may run next, or became ready for its last
-- attempt; lease_owner of a finished job is the runner of its last attempt. For faultline_observer.
create view faultline.jobs as
select
  l.job_id, l.type, l.queue, l.state, l.priority::int as priority,
  coalesce(l.payload, (select p.payload from faultline.payloads p where p.job_id = l.job_id)) as payload, null::jsonb as result, l.error, l.attempt,
  l.max_attempts, l.tags, l.ready_at as run_at, l.created_at, l.started_at, l.finished_at, l.lease_owner,
  l.lease_expires_at, l.idempotency_key, l.run_id, l.task
from faultline.jobs_live l
union all
select
  d.job_id, d.type, d.queue, d.state, d.priority::int,
  coalesce(d.payload, (select p.payload from faultline.payloads p where p.job_id = d.job_id)), d.result, d.error, d.attempt,
  d.max_attempts, d.tags, d.ready_at, d.created_at, d.started_at, d.finished_at, d.lease_owner,
  null::timestamptz, d.idempotency_key, d.run_id, d.task
from faultline.jobs_done d;
comment on view faultline.jobs is 'Every job: queued, running, failed (dead letters), succeeded, cancelled and discarded.';
grant select on faultline.jobs to faultline_observer;
