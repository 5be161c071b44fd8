-- Every schedule, with its last tick, which is not one by fire_now or a backfill; cursor is how far its calendar is; missed_ticks
-- counts what the rule for missed ticks has dropped. For faultline_observer.
create view faultline.schedule_list as
select
  s.schedule, s.version, s.definition, s.definition ->> 'description' as description, s.definition ->> 'source' as source, s.cron, s.timezone,
  s.every * interval '1 second' as every, s.definition ->> 'type' as type, s.definition ->> 'workflow' as workflow, s.missed, s.overlap,
  s.paused_at, s.paused_note, s.starts_at, s.ends_at, s.created_at, s.changed_at,
  t.tick_at as last_tick_at, t.outcome as last_outcome, t.job_id as last_job_id, t.run_id as last_run_id,
  greatest(s.ticks_after, s.forgotten_until, t.tick_at) as cursor,
  s.forgotten_missed + (
    select coalesce(sum(m.missed), 0) from faultline.schedule_ticks m where m.schedule = s.schedule and m.missed > 0) as missed_ticks,
  s.forgotten_until
from faultline.schedules s
left join lateral (
  select l.tick_at, l.outcome, l.job_id, l.run_id
  from faultline.schedule_ticks l
  where l.schedule = s.schedule and l.kind = 'calendar'
  order by l.tick_at desc
  limit 1
) t on true
where s.deleted_at is null;
comment on view faultline.schedule_list is 'Every schedule, with its last tick.';
grant select on faultline.schedule_list to faultline_observer;
