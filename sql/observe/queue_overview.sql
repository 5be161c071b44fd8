-- Every queue that has live jobs or settings of its own: its settings and how many jobs it has, each count capped at
-- 10 000 so that a backlog of millions costs nothing. For faultline_observer.
create view faultline.queue_overview as
with recursive queued as (
  (select j.queue from faultline.jobs_live j where j.state = 'queued' order by j.queue, j.priority, j.ready_at limit 1)
  union all
  select (
    select j.queue
    from faultline.jobs_live j
    where j.state = 'queued' and j.queue > q.queue
    order by j.queue, j.priority, j.ready_at
    limit 1)
  from queued q
  where q.queue is not null
), running as (
  (select j.queue from faultline.jobs_live j where j.lease_expires_at is not null order by j.queue, j.lease_expires_at limit 1)
  union all
  select (
    select j.queue
    from faultline.jobs_live j
    where j.lease_expires_at is not null and j.queue > r.queue
    order by j.queue, j.lease_expires_at
    limit 1)
  from running r
  where r.queue is not null
), dead as (
  (select j.queue from faultline.jobs_live j where j.finished_at is not null order by j.queue, j.job_id limit 1)
  union all
  select (
    select j.queue
    from faultline.jobs_live j
    where j.finished_at is not null and j.queue > d.queue
    order by j.queue, j.job_id
    limit 1)
  from dead d
  where d.queue is not null
), named as (
  select queue from queued where queue is not null
  union
  select queue from running where queue is not null
  union
  select queue from dead where queue is not null
  union
  select queue from faultline.queues
)
select
  n.queue,
  q.paused_at is not null as paused,
  q.paused_note,
  q.max_running,
  coalesce(q.max_attempts, s.max_attempts) as max_attempts,
  coalesce(q.backoff, s.backoff) as backoff,
  coalesce(q.lease, s.lease) as lease,
  (select count(*) from (select from faultline.jobs_live j where j.state = 'queued' and j.queue = n.queue limit 10000) c) as queued,
  (select count(*) from (select from faultline.jobs_live j where j.lease_expires_at is not null and j.queue = n.queue limit 10000) c) as running,
  (select count(*) from (select from faultline.jobs_live j where j.finished_at is not null and j.queue = n.queue limit 10000) c) as failed
from named n
cross join faultline.settings s
left join faultline.queues q on q.queue = n.queue;
comment on view faultline.queue_overview is 'Every queue that has live jobs or settings: its settings, and its jobs by state, counted up to 10 000.';
grant select on faultline.queue_overview to faultline_observer;
