\ir ../../support/schedules.sql
begin;
select * from no_plan();

select is(
  (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum) from pg_attribute a where a.attrelid = 'faultline.schedule_tick_log'::regclass and a.attnum > 0),
  'schedule text, tick_at timestamp with time zone, kind text, outcome text, job_id bigint, run_id bigint, missed integer, version integer, fired_at timestamp with time zone, detail text', 'its columns');
select date_trunc('minute', now()) - interval '1 hour' as base \gset
select put('s', '{"overlap": "skip"}'), since('s', :'base') \g /dev/null
select job_id from faultline.fire_schedule('s', :'base'::timestamptz + interval '1 min', 1) \gset
select faultline.fire_schedule('s', :'base'::timestamptz + interval '2 min', 1) \g /dev/null
select is(observe('select string_agg(concat_ws('' '', schedule, tick_at, kind, outcome, job_id, missed, version, detail), '', '' order by tick_at) from faultline.schedule_tick_log'),
  format('s %s calendar made %s 0 1, s %s calendar skipped 0 1 job %s of tick %s is not over', :'base'::timestamptz + interval '1 min', :job_id, :'base'::timestamptz + interval '2 min', :job_id, faultline._utc(:'base'::timestamptz + interval '1 min')), 'what became of each tick, for an observer');

select * from finish();
rollback;
