\ir ../../support/schedules.sql
begin;
select * from no_plan();

select is(
  (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum) from pg_attribute a where a.attrelid = 'faultline.schedule_list'::regclass and a.attnum > 0),
  'schedule text, version integer, definition jsonb, description text, source text, cron text, timezone text, every interval, type text, workflow text, missed text, overlap text, paused_at timestamp with time zone, paused_note text, '
  'starts_at timestamp with time zone, ends_at timestamp with time zone, created_at timestamp with time zone, changed_at timestamp with time zone, last_tick_at timestamp with time zone, last_outcome text, last_job_id bigint, last_run_id bigint, '
  'cursor timestamp with time zone, missed_ticks bigint, forgotten_until timestamp with time zone', 'its columns');
select date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' - interval '10 days' as base \gset
select put('s', '{"description": "d", "source": "file.yaml"}'), put('z', '{"every": null, "cron": "0 3 * * *", "timezone": "Europe/Berlin"}'), put('gone'), faultline.delete_schedule('gone'), since('s', :'base'), since('z', :'base'), faultline.pause_schedule('z', 'n') \g /dev/null
select job_id from faultline.fire_schedule('s', :'base'::timestamptz + interval '24 hours', 1) \gset
select faultline.fire_schedule('s', :'base'::timestamptz + interval '12 hours', 1, true), faultline.fire_now('s') \g /dev/null
insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, missed, version, fired_at) values ('s', :'base'::timestamptz + interval '18 hours', 'calendar', 'missed', 5, 1, now());
update faultline.schedules set forgotten_missed = 7 where schedule = 's';
select results_eq($$select schedule, version, description, source, cron, timezone, every, type, missed, paused_note, last_tick_at, last_outcome, last_job_id, cursor, missed_ticks::int from faultline.schedule_list order by 1$$,
  format($$values ('s', 1, 'd', 'file.yaml', null, null, '60 s'::interval, 't', 'latest', null, %2$L::timestamptz, 'made', %1$s::bigint, %2$L::timestamptz, 12), ('z', 1, null, null, '0 3 * * *', 'Europe/Berlin', null, 't', 'latest', 'n', null, null, null, %3$L, 0)$$, :job_id, :'base'::timestamptz + interval '24 hours', :'base'), 'every schedule that is not deleted, with its last tick');
select is(observe('select count(*) from faultline.schedule_list'), '2', 'for an observer');

select * from finish();
rollback;
