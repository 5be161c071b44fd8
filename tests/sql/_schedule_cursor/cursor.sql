\ir ../../support/schedules.sql
begin;
select * from no_plan();

select put('s'), put('other'), since('s', '2026-01-10Z') \g /dev/null
create function tap.ticked(name text, tick_at timestamptz, kind text default 'calendar', outcome text default 'skipped') returns void language sql
as $$ insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, version, fired_at) values (name, tick_at, kind, outcome, 1, greatest(tick_at, now())) $$;
select is(faultline._schedule_cursor(schedule('s')), '2026-01-10Z'::timestamptz, 'at first, when it was put');
select ticked('s', '2026-01-09Z'), ticked('other', '2026-02-01Z') \g /dev/null
select is(faultline._schedule_cursor(schedule('s')), '2026-01-10Z'::timestamptz, 'no tick moves it back, none of another schedule');
select ticked('s', '2026-01-11Z') \g /dev/null
select is(faultline._schedule_cursor(schedule('s')), '2026-01-11Z'::timestamptz, 'its last tick');
select ticked('s', '2026-01-12Z', 'backfill'), ticked('s', '2026-01-13 00:00:00.1Z', 'now') \g /dev/null
select is(faultline._schedule_cursor(schedule('s')), '2026-01-11Z'::timestamptz, 'but no backfill, and none by hand');
update faultline.schedules set forgotten_until = '2026-01-14Z' where schedule = 's';
select is(faultline._schedule_cursor(schedule('s')), '2026-01-14Z'::timestamptz, 'nor what is forgotten comes back');

select * from finish();
rollback;
