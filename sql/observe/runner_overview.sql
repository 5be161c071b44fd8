-- The runners that are known, and how many jobs each holds. One unseen for a minute is most likely gone.
-- For faultline_observer.
create view faultline.runner_overview as
select
  r.runner, r.host, r.pid, r.version, r.queues, r.started_at, r.last_seen_at,
  (select count(*) from faultline.jobs_live j where j.lease_expires_at > '-infinity' and j.lease_owner = r.runner) as running
from faultline.runners r;
comment on view faultline.runner_overview is 'The runners that are known, and how many jobs each holds.';
grant select on faultline.runner_overview to faultline_observer;
