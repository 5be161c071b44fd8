\ir ../../support/schedules.sql
begin;
select * from no_plan();

select put('s', '{"overlap": "skip", "jitter": "1 day"}'), since('s', date_trunc('minute', now()) - interval '10 min'), faultline.pause_schedule('s') \g /dev/null
select operate('select job_id from faultline.fire_now(''s'')') as job \gset
select ok((tick_at between now() and clock_timestamp()) and date_trunc('second', tick_at) <> tick_at, 'now, and at no time of the calendar') from faultline.schedule_ticks where kind = 'now';
select is((t.outcome, t.job_id, t.version, l.payload ->> 'tick_at', l.ready_at <= clock_timestamp()), ('made'::text, :job::bigint, 1, faultline._utc(t.tick_at), true), 'a job, at once, though the schedule is paused') from faultline.schedule_ticks t join faultline.jobs_live l using (job_id);
select isnt(operate('select job_id from faultline.fire_now(''s'')'), :'job', 'each call makes another one, whatever is under way');
-- Should the clock stand still or go back.
update faultline.schedules set forgotten_until = 'infinity';
delete from faultline.schedule_ticks;
insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, job_id, version, fired_at) values ('s', date_trunc('minute', now()) + interval '1 hour' - interval '1 us', 'now', 'made', 999, 1, now());
select operate('select job_id from faultline.fire_now(''s'')') as job \gset
select is(max(tick_at), date_trunc('minute', now()) + interval '1 hour 1 us', 'it is later than the last, and no whole second') from faultline.schedule_ticks;
select is(detail - 'run_id', '{"schedule": "s"}', 'on record') from faultline.job_events where verb = 'fire_now' and job_id = :job;
select begun('{"a": {"type": "t"}}', '{}', 'flow') \g /dev/null
select put('w', '{"type": null, "workflow": "flow"}') \g /dev/null
select operate('select run_id from faultline.fire_now(''w'')') as run \gset
select is((r.workflow, r.state), ('flow'::text, 'running'::text), 'a run') from faultline.runs r where run_id = :run;
select begun('{"m": {"type": "t", "for_each": "input.files"}}', '{"files": []}', 'flow') \g /dev/null
select refused('faultline_operator', 'select faultline.fire_now(''w'')', 'FL004', 'for_each of task m: input.files is no list but missing');
select refused('faultline_operator', 'select faultline.fire_now(''none'')', 'FL005', 'there is no schedule none', 'put_schedule comes first.');
select refused('faultline_runner', 'select faultline.fire_now(''s'')', '42501', 'permission denied for function fire_now');
select * from finish();
rollback;
