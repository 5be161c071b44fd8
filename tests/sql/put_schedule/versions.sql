\ir ../../support/schedules.sql
select * from no_plan();

create function tap.putting(name text, changes jsonb default '{}') returns text language sql as $$
select operate(format('select faultline.put_schedule(%L)', jsonb_strip_nulls(jsonb_build_object('name', putting.name, 'every', '1m', 'type', 't') || changes))) $$;
select is(putting('s'), '1', 'the first version');
select is((s.version, s.every, s.cron, s.timezone, s.calendar, s.missed, s.missed_window, s.missed_limit, s.overlap, s.starts_at, s.ends_at, s.paused_at, s.deleted_at),
  (1, 60, null::text, null::text, null::jsonb, 'latest'::text, '366 days'::interval, 1, 'allow'::text, null::timestamptz, null::timestamptz, null::timestamptz, null::timestamptz), 'what it is') from schedule('s') s;
select is(array[s.ticks_after, s.changed_at], array[s.created_at, s.created_at], 'no tick lies before the schedule was put') from schedule('s') s;
select changes_nothing('faultline_operator', format('select faultline.put_schedule(%L)', d), '1', 'the same again: ' || d)
from unnest(array['{"name": "s", "every": "1m", "type": "t"}', '{"name": "s", "every": 60, "type": "t", "payload": {}, "missed": "latest", "priority": 2.0}', (schedule('s')).definition::text]) d;
select is(event, 'put_schedule {"version": 1, "schedule": "s"}', 'it is on record') from event_lines('all') event;

-- Another calendar begins now; what is made may change, and the calendar goes on.
select since('s', '2026-01-01Z') \g /dev/null
select is(putting('s', '{"payload": {"n": 1}, "missed": "all", "overlap": "skip"}'), '2', 'another version');
select is((s.version, s.missed, s.missed_window, s.overlap, s.ticks_after), (2, 'all'::text, '1 day'::interval, 'skip'::text, '2026-01-01Z'::timestamptz), 'goes on with its calendar') from schedule('s') s;
select is(putting('s', changes), version::text, changes::text) || E'\n' || is((schedule('s')).ticks_after > now() - interval '1 h', true, 'begins now: ' || changes::text) || coalesce(E'\n' || nullif(since('s', '2026-01-01Z')::text, ''), '')
from (values (3, '{"every": "2m"}'::jsonb), (4, '{"every": "2m", "starts_at": "2030-01-01T00:00Z"}'), (5, '{"every": "2m", "ends_at": "2030-01-01T00:00Z"}'), (6, '{"every": null, "cron": "@daily", "timezone": "UTC"}'),
  (7, '{"every": null, "cron": "@daily", "timezone": "Asia/Tokyo"}'), (8, '{"every": null, "cron": "@hourly", "timezone": "Asia/Tokyo"}')) v (version, changes);
select is((s.every, s.cron, s.timezone, s.calendar ->> 'fixed'), (null::int, '@hourly'::text, 'Asia/Tokyo'::text, 'false'::text), 'with its calendar, parsed') from schedule('s') s;
select since('s', clock_timestamp() + interval '1 hour') \g /dev/null
select putting('s') \g /dev/null
select is((schedule('s')).ticks_after > clock_timestamp() + interval '59 min', true, 'nor does it go back, should the clock');

-- Paused, it stays paused.
select faultline.pause_schedule('s', 'why') \g /dev/null
select is(putting('s', '{"every": "5m"}') || ' ' || (schedule('s')).paused_note, '10 why', 'a schedule that is paused stays paused');

-- Deleted, it begins anew, with the next version.
select faultline.delete_schedule('s') \g /dev/null
select is(putting('s', '{"every": "5m"}'), '11', 'the same as before it was deleted is a new version');
select is((s.deleted_at, s.paused_at, s.ticks_after = s.created_at, s.ticks_after <= clock_timestamp()), (null::timestamptz, null::timestamptz, true, true), 'from now on, not paused') from schedule('s') s;

-- Errors.
select refused('faultline_operator', $$select faultline.put_schedule('{"name": "s", "every": "0s", "type": "t"}')$$, 'FL004', 'every: "0s" is out of bounds', 'It lies between 00:00:01 and 366 days');
select refused('faultline_operator', $$select faultline.put_schedule('{"name": "s", "every": "1s", "workflow": "none"}')$$, 'FL005', 'workflow: there is no workflow none', 'put_workflow comes first.');
select refused('faultline_operator', $$select faultline.put_schedule(null)$$, 'FL004', 'the schedule is not an object but NULL');
select refused('faultline_runner', $$select faultline.put_schedule('{"name": "s", "every": "1m", "type": "t"}')$$, '42501', 'permission denied for function put_schedule');
select healthy('healthy');

select * from finish();
