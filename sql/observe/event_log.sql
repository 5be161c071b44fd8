-- What was out of the ordinary: attempts that ended otherwise than in success, refused reports (verb stale), operators'
-- actions. For faultline_observer.
create view faultline.event_log as
select e.event_id, e.at, e.job_id, e.attempt, e.verb, e.runner, e.actor, e.detail
from faultline.job_events e;
comment on view faultline.event_log is 'Failed and expired attempts, refused reports, operators'' actions.';
grant select on faultline.event_log to faultline_observer;
