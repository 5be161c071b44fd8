\ir ../../support/schedules.sql
begin;
select * from no_plan();

-- Each limit from both sides. The cursor is a day behind; the schedule is of every second, so that the calendar has every one.
create function tap.fault(name text, ago interval, options jsonb default '{}') returns text language sql as $$
select coalesce(f.outcome, 'fine')
from schedule(fault.name) s,
  faultline._tick_fault(s, date_trunc('second', clock_timestamp()) - ago, coalesce((options ->> 'version')::int, 1), date_trunc('second', clock_timestamp()) - coalesce((options ->> 'cursor')::interval, '1 day'),
                        coalesce((options ->> 'backfill')::boolean, false), coalesce((options ->> 'fires')::boolean, true)) f
$$;
select put(n, d || '{"every": "1s"}') from (values ('latest', '{}'::jsonb), ('all', '{"missed": "all"}'), ('skip', '{"missed": "skip"}'), ('wide', '{"missed": "latest", "missed_window": "1 hour"}'), ('narrow', '{"missed": "all", "missed_window": "1 min"}')) v (n, d) \g /dev/null
select is(fault(name, ago, options), outcome, format('%s, %s ago, %s', name, ago, options))
from (values
  ('latest', '0 s'::interval, '{}'::jsonb, 'fine'), ('latest', '-1 s', '{}', 'future'), ('latest', '-1 s', '{"backfill": true}', 'future'), ('latest', '0 s', '{"version": 2}', 'version'), ('latest', '-1 s', '{"version": 2}', 'version'),
  ('latest', '1 day', '{}', 'behind'), ('latest', '23:59:59', '{}', 'fine'), ('latest', '1 day', '{"backfill": true}', 'fine'), ('latest', '23:59:59', '{"backfill": true}', 'early'), ('latest', '360 days', '{"cursor": "364 days"}', 'fine'),
  ('latest', '367 days', '{"cursor": "370 days"}', 'late'), ('latest', '367 days', '{"backfill": true}', 'fine'),
  ('all', '23:59:50', '{}', 'fine'), ('all', '24:00:10', '{"cursor": "2 days"}', 'late'),
  ('skip', '50 s', '{}', 'fine'), ('skip', '61 s', '{}', 'late'), ('skip', '2 days', '{"backfill": true}', 'fine'), ('wide', '59 min', '{}', 'fine'), ('wide', '61 min', '{}', 'late'), ('narrow', '50 s', '{}', 'fine'), ('narrow', '61 s', '{}', 'late'),
  ('all', '61 s', '{"fires": false}', 'fine'), ('all', '50 s', '{"fires": false}', 'on_time'), ('skip', '5 hours', '{"fires": false}', 'fine'), ('all', '1 day', '{"fires": false}', 'behind'), ('all', '-1 s', '{"fires": false}', 'future')) v (name, ago, options, outcome);
select faultline.pause_schedule('latest') \g /dev/null
select is(fault('latest', ago, options), outcome, format('paused, %s ago, %s', ago, options))
from (values ('0 s'::interval, '{}'::jsonb, 'paused'), ('2 days', '{}', 'paused'), ('0 s', '{"backfill": true}', 'fine'), ('2 days', '{"backfill": true}', 'fine'), ('-1 s', '{"backfill": true}', 'future'), ('61 s', '{"fires": false}', 'paused'), ('0 s', '{"version": 2}', 'version')) v (ago, options, outcome);
update faultline.schedules set forgotten_until = date_trunc('second', clock_timestamp()) - interval '2 days' where schedule = 'all';
select is(fault('all', ago, '{"backfill": true}'), outcome, format('forgotten, %s ago', ago)) from (values ('2 days'::interval, 'forgotten'), ('2 days 1 s', 'forgotten'), ('47:59:50', 'fine')) v (ago, outcome);
select put('span', jsonb_build_object('every', '1m', 'starts_at', faultline._utc(date_trunc('minute', now()) - interval '1 hour'), 'ends_at', faultline._utc(date_trunc('minute', now()) - interval '30 min'))) \g /dev/null
select is(coalesce(f.outcome, 'fine'), v.outcome, 'starts_at and ends_at belong to it: ' || ago)
from schedule('span') s, (values ('60 min'::interval, 'fine'), ('61 min', 'outside'), ('30 min', 'fine'), ('29 min', 'outside'), ('30 min 1 s', 'not_a_tick')) v (ago, outcome),
  faultline._tick_fault(s, date_trunc('minute', now()) - ago, 1, now() - interval '1 day', false, true) f;
select put('zone', '{"every": null, "cron": "0 0 * * *", "timezone": "Asia/Tokyo"}') \g /dev/null
select is(f.message, 'tick 2026-01-01T00:00:00Z of schedule zone is none: it is not at ''0 0 * * *'', Asia/Tokyo', 'of a cron expression') from schedule('zone') s, faultline._tick_fault(s, '2026-01-01Z', 1, '2026-02-01Z', true, true) f;
select is((f.outcome, f.message, f.hint), ('late'::text, format('tick %s of schedule skip was missed: it is older than 00:01:00', faultline._utc(date_trunc('minute', now()) - interval '5 min')), 'backfill => true makes a tick of the past.'::text), 'late') from schedule('skip') s, faultline._tick_fault(s, date_trunc('minute', now()) - interval '5 min', 1, now() - interval '1 day', false, true) f;
select is((f.code, f.message), ('FL003'::text, 'tick 2020-01-01T00:00:00Z of schedule all may have happened: retention has removed the ticks up to ' || faultline._utc(s.forgotten_until)), 'forgotten') from schedule('all') s, faultline._tick_fault(s, '2020-01-01Z', 1, '2026-02-01Z', true, true) f;
select ok(f.code = 'FL004' and f.message like 'tick % of schedule span lies after ends_at, %', 'after its end') from schedule('span') s, faultline._tick_fault(s, date_trunc('minute', now()), 1, now() - interval '1 day', false, true) f;

select * from finish();
rollback;
