-- Verify faultline:schedules on pg

select schedule, version, definition, cron, calendar, timezone, every, starts_at, ends_at, missed, missed_window, missed_limit, overlap, ticks_after, forgotten_until, forgotten_missed, paused_at, paused_note, created_at, changed_at, changed_xid, deleted_at from faultline.schedules where false;
select schedule, tick_at, kind, outcome, job_id, run_id, missed, version, fired_at, detail from faultline.schedule_ticks where false;
