-- What became of the ticks of schedules. kind: calendar, backfill or now (fire_now); outcome: made, skipped (overlap), failed (the
-- workflow refused its input), missed (dropped by the rule; missed says how many with it). For faultline_observer.
create view faultline.schedule_tick_log as
select t.schedule, t.tick_at, t.kind, t.outcome, t.job_id, t.run_id, t.missed, t.version, t.fired_at, t.detail
from faultline.schedule_ticks t;
comment on view faultline.schedule_tick_log is 'What became of the ticks of schedules.';
grant select on faultline.schedule_tick_log to faultline_observer;
