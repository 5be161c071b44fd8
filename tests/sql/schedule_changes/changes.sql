\ir ../../support/schedules.sql
select * from no_plan();

create function tap.names(schedules jsonb) returns text language sql as $$ select coalesce(string_agg(s ->> 'schedule', ' '), '') from jsonb_array_elements(schedules) s $$;
select put('a', '{"missed": "skip"}'), put('b', '{"every": null, "cron": "0 3 * * *", "timezone": "Europe/Berlin", "missed": "all", "starts_at": "2026-01-01T00:00Z", "ends_at": "2027-01-01T00:00Z"}'), put('gone'), faultline.delete_schedule('gone'),
  since('a', '2026-01-02Z'), since('b', '2026-01-01Z') \g /dev/null
set role faultline_runner;
select mark, schedules from faultline.schedule_changes() \gset
reset role;
select is(:'schedules'::jsonb, '[
  {"schedule": "a", "version": 1, "deleted": false, "paused": false, "cron": null, "timezone": null, "every": 60, "starts_at": null, "ends_at": null, "missed": "skip", "missed_window": 60, "missed_limit": 1, "cursor": "2026-01-02T00:00:00Z"},
  {"schedule": "b", "version": 1, "deleted": false, "paused": false, "cron": "0 3 * * *", "timezone": "Europe/Berlin", "every": null, "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z", "missed": "all", "missed_window": 86400, "missed_limit": 100,
   "cursor": "2026-01-01T00:00:00Z"}]', 'all there are, without a mark');
select is(names(schedules), '', 'nothing since') from faultline.schedule_changes(:'mark');
select ok(c.now between now() and clock_timestamp(), 'the clock of the database') from faultline.schedule_changes(:'mark') c;
select is(format('%s %s', s ->> 'schedule', s ->> 'deleted'), 'gone true', 'what was deleted is told after a mark') from faultline.schedule_changes('0') c, jsonb_array_elements(c.schedules) s where s ->> 'schedule' = 'gone';
-- A tick is no change; a change of any kind is.
select since('b', now() - interval '1 hour'), job_id from faultline.fire_schedule('a', date_trunc('minute', now()), 1) \g /dev/null
select is(names(schedules), '', 'a tick is no change') from faultline.schedule_changes(:'mark');
select is(schedules -> 0 ->> 'cursor', (select faultline._utc(tick_at) from faultline.schedule_ticks), 'but who asks anew sees how far it is') from faultline.schedule_changes();
select faultline.pause_schedule('a');
select mark, schedules from faultline.schedule_changes(:'mark') \gset
select is(format('%s %s', s ->> 'schedule', s ->> 'paused'), 'a true', 'paused') from jsonb_array_elements(:'schedules') s;
select faultline.pause_schedule('a');
select is(names(schedules), '', 'what was the same before is no change') from faultline.schedule_changes(:'mark');
select faultline.resume_schedule('a');
select mark, schedules from faultline.schedule_changes(:'mark') \gset
select is(format('%s %s', s ->> 'schedule', s ->> 'paused'), 'a false', 'resumed') from jsonb_array_elements(:'schedules') s;
select put('a', '{"missed": "all"}') \g /dev/null
select mark, schedules from faultline.schedule_changes(:'mark') \gset
select is(format('%s %s', s ->> 'schedule', s ->> 'version'), 'a 2', 'another version') from jsonb_array_elements(:'schedules') s;
select faultline.delete_schedule('a') \g /dev/null
select mark, schedules from faultline.schedule_changes(:'mark') \gset
select is(format('%s %s', s ->> 'schedule', s ->> 'deleted'), 'a true', 'deleted') from jsonb_array_elements(:'schedules') s;
-- What was restored from another server may have xids that are far ahead.
update faultline.schedules set changed_xid = '9000000000000' where schedule = 'b';
select is(names(schedules), '', 'is no change') from faultline.schedule_changes(:'mark');
select is(names(schedules), 'b', 'but there') from faultline.schedule_changes();

select refused('faultline_runner', format('select faultline.schedule_changes(%L)', mark), 'FL004', format('%L is no mark', left(mark, 40)), 'Pass what the last call returned, or NULL') from unnest(array['', 'x', '-1', '1.5', repeat('9', 19), repeat('9', 1000)]) mark;
select refused(role, 'select faultline.schedule_changes()', '42501', 'permission denied for function schedule_changes') from unnest(array['faultline_producer', 'faultline_observer']) role;

select * from finish();
