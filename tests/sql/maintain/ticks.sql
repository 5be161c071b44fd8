\ir ../../support/schedules.sql
select * from no_plan();

-- Ticks go after retention, and can't happen again.
select put('s', '{"missed": "all"}'), put('rare'), put('new'), since('s', now() - interval '50 days'), since('rare', now() - interval '400 days'), since('new', date_trunc('minute', now()) - interval '1 hour') \g /dev/null
insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, job_id, missed, version, fired_at)
select s, date_trunc('minute', now()) - d * interval '1 day', k, 'made', 1000000 + row_number() over (), m, 1, date_trunc('minute', now()) - f * interval '1 day'
from (values ('s', 40, 'calendar', 40, 3), ('s', 39, 'calendar', 31, 4), ('s', 20, 'calendar', 20, 5), ('s', 300, 'backfill', 5, 0), ('rare', 100, 'calendar', 100, 0)) v (s, d, k, f, m);
create function tap.left_over() returns text language sql as $$ select string_agg(schedule || ' ' || extract(day from date_trunc('minute', now()) - tick_at), ', ' order by schedule, tick_at desc) from faultline.schedule_ticks $$;
select faultline.fire_schedule('new', date_trunc('minute', now()), 1) \g /dev/null
select value as missed from faultline.metrics() where name = 'faultline_schedule_missed_total' \gset
select is(run('select faultline.maintain()')::jsonb ->> 'ticks', '3', 'what was fired before retention goes');
select is(left_over(), 'new 0, s 20, s 300', 'the rest stays, a backfill of long ago too');
select is(s.forgotten_until, date_trunc('minute', now()) - interval '39 days', 'its schedule has forgotten them') from schedule('s') s;
select is(s.forgotten_until, null, 'one without old ticks has forgotten nothing') from schedule('new') s;
select is((faultline.maintain()) ->> 'ticks', '0', 'repeated');
select is(value, :missed::double precision, 'what was missed stays counted') from faultline.metrics() where name = 'faultline_schedule_missed_total';
select is(m, 12::bigint, 'of the schedule, too') from faultline.schedule_list l, lateral (select l.missed_ticks::bigint as m) x where schedule = 's';
-- Its only tick is gone, and still the calendar is where it was.
select refused('faultline_runner', format('select faultline.fire_schedule(''rare'', %L, 1)', date_trunc('minute', now()) - interval '100 days'), 'FL003',
  format('tick %1$s of schedule rare is not later than its last, %1$s', faultline._utc(date_trunc('minute', now()) - interval '100 days')), 'backfill => true makes a tick of the past.');
select refused('faultline_runner', format('select faultline.fire_schedule(''rare'', %L, 1, true)', date_trunc('minute', now()) - interval '100 days'), 'FL003',
  format('tick %1$s of schedule rare may have happened: retention has removed the ticks up to %1$s', faultline._utc(date_trunc('minute', now()) - interval '100 days')));
select is((f).created, false, 'what is kept is a repeat') from faultline.fire_schedule('s', date_trunc('minute', now()) - interval '20 days', 1) f;
-- Ten thousand a call.
insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, version, fired_at) select 'new', now() - interval '60 days' - n * interval '1 s', 'backfill', 'skipped', 1, now() - interval '50 days' - n * interval '1 s' from generate_series(1, 10001) n;
select is((faultline.maintain()) ->> 'ticks', '10000', 'ten thousand a call');
select is((faultline.maintain()) ->> 'ticks', '1', 'the rest the next time');
-- What is still under way holds its tick, however long ago it was: else overlap: skip would not see it, nor verify whose it is.
select put('busy', '{"overlap": "skip"}'), put('dead', '{"overlap": "skip"}'), begun('{"a": {"type": "t"}}', '{}', 'flow'), put('flowing', '{"type": null, "workflow": "flow", "overlap": "skip"}') \g /dev/null
select since(s, date_trunc('minute', now()) - interval '1 hour') from unnest('{busy,dead,flowing}'::text[]) s \g /dev/null
select job_id as busy from faultline.fire_schedule('busy', date_trunc('minute', now()) - interval '10 min', 1) \gset
select job_id as dead from faultline.fire_schedule('dead', date_trunc('minute', now()) - interval '10 min', 1) \gset
select run_id as flowing from faultline.fire_schedule('flowing', date_trunc('minute', now()) - interval '10 min', 1) \gset
set session_replication_role = replica;
update faultline.jobs_live set state = 'failed', attempt = 1, finished_at = now() where job_id = :dead;
update faultline.schedule_ticks set fired_at = fired_at - interval '60 days', tick_at = tick_at - interval '60 days' where schedule in ('busy', 'dead', 'flowing');
set session_replication_role = origin;
create function tap.outcome(name text) returns text language sql as $$
select f.outcome from faultline.schedules s,
  faultline.fire_schedules(jsonb_build_array(jsonb_build_object('schedule', s.schedule, 'version', 1, 'tick_at', date_trunc('minute', now()), 'after', faultline._schedule_cursor(s)))) f where s.schedule = outcome.name
$$;
select is((faultline.maintain()) ->> 'ticks', '0', 'none of them goes');
select faultline.retry_job(:dead) \g /dev/null
select is(outcome(s), 'skipped', s || ' makes no second one') from unnest('{busy,dead,flowing}'::text[]) s;
select faultline.cancel_job(:busy), faultline.cancel_job(:dead), faultline.cancel_run(:flowing) \g /dev/null
select is((faultline.maintain()) ->> 'ticks', '2', 'once its job is over it goes, and that of a run with the run');
set session_replication_role = replica;
update faultline.runs set finished_at = finished_at - interval '60 days' where run_id = :flowing;
set session_replication_role = origin;
select is((m ->> 'runs') || ' ' || (m ->> 'ticks'), '1 1', 'both') from (select faultline.maintain() as m offset 0) v;

select * from finish();
