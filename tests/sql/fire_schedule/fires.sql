\ir ../../support/schedules.sql
begin;
select * from no_plan();

select date_trunc('minute', now()) as base \gset
create function tap.fire(name text, tick_at timestamptz, version int default 1, more text default '') returns text language sql
as $$ select run(format('select format(''%%s %%s %%s'', coalesce(job_id::text, ''-''), coalesce(run_id::text, ''-''), created) from faultline.fire_schedule(%L, %L, %s%s)', name, tick_at, coalesce(version::text, 'null'), more)) $$;

-- A job.
select put('s', '{"payload": {"a": 1}, "queue": "q", "priority": 3, "max_attempts": 7, "backoff": {"delay": "2s"}, "timeout": "90s", "tags": ["x"], "headers": {"h": 1}}'), since('s', :'base'::timestamptz - interval '1 hour') \g /dev/null
select split_part(fire('s', :'base'::timestamptz - interval '5 min'), ' ', 1) as job \gset
select is((l.type, l.queue, l.priority::int, l.max_attempts, l.backoff, l.timeout, l.tags, l.run_id), ('t'::text, 'q'::text, 3, 7, '{"delay": "2s"}'::jsonb, '90 s'::interval, '{x}'::text[], null::bigint), 'as the definition says') from job(:job) l;
select is(payload, jsonb_build_object('a', 1, 'tick_at', faultline._utc(:'base'::timestamptz - interval '5 min')), 'its payload, and when it was due') from job(:job);
select is(headers, jsonb_build_object('h', 1, 'faultline.tick', jsonb_build_object('schedule', 's', 'tick_at', faultline._utc(:'base'::timestamptz - interval '5 min'), 'job_id', :job)), 'its headers say of which schedule and tick it is') from job(:job);
select is((t.kind, t.outcome, t.job_id, t.run_id, t.missed, t.version, t.detail), ('calendar'::text, 'made'::text, :job::bigint, null::bigint, 0, 1, null::text), 'the tick') from tick('s', :'base'::timestamptz - interval '5 min') t;
select ok(ready_at between now() and clock_timestamp(), 'ready at once') from job(:job);
-- Repeated, whatever has become of the schedule.
select changes_nothing(role, format('select (job_id, run_id, created)::text from faultline.fire_schedule(''s'', %L, 1)', :'base'::timestamptz - interval '5 min'), format('(%s,,f)', :job), 'repeated by ' || role) from unnest(array['faultline_runner', 'faultline_operator']) role;
select put('s', '{"every": "3m"}'), faultline.pause_schedule('s') \g /dev/null
select is(fire('s', :'base'::timestamptz - interval '5 min'), :job || ' - f', 'by an old version, paused');
select is(fire('s', :'base'::timestamptz - interval '5 min', 9, ', true'), :job || ' - f', 'as a backfill');

-- What the definition leaves out is the queue's or the default.
select put('plain'), since('plain', :'base'::timestamptz - interval '1 hour'), faultline.set_queue('default', '{"max_attempts": 9}') \g /dev/null
select split_part(fire('plain', :'base'), ' ', 1) as job \gset
select is((l.queue, l.priority::int, l.max_attempts, l.backoff, l.timeout, l.tags), ('default'::text, 2, 9, null::jsonb, null::interval, '{}'::text[]), 'the defaults') from job(:job) l;

-- A run.
select begun('{"a": {"type": "t"}}', '{}', 'flow') \g /dev/null
select put('w', '{"type": null, "workflow": "flow", "input": {"a": 1}}'), since('w', :'base'::timestamptz - interval '1 hour') \g /dev/null
select split_part(fire('w', :'base'), ' ', 2) as run \gset
select is((r.workflow, r.state, r.input, r.idempotency_key), ('flow'::text, 'running'::text, jsonb_build_object('a', 1, 'tick_at', faultline._utc(:'base')), 'faultline.tick:w:' || faultline._utc(:'base')), 'a run') from faultline.runs r where run_id = :run;
select is(fire('w', :'base'), format('- %s f', :run), 'repeated');
select is((tick('w', :'base')).run_id, :run::bigint, 'the tick has it');

-- Jitter: a delay of its own for each tick, the same whoever fires it, below the bound.
select put('j', '{"jitter": "1 day", "every": "1m"}'), since('j', :'base'::timestamptz - interval '1 hour') \g /dev/null
select fire('j', :'base'::timestamptz - n * interval '1 min') from generate_series(30, 0, -1) n \g /dev/null
select ok(count(distinct d) > 20 and max(d) < 86400 and max(d) - min(d) > 43200, 'spread')
from (select extract(epoch from l.ready_at - (l.payload ->> 'tick_at')::timestamptz) d from faultline.jobs_live l where l.headers #>> '{faultline.tick,schedule}' = 'j' and l.ready_at > clock_timestamp()) v;
select is(run_at, greatest(created_at, :'base'::timestamptz + make_interval(secs => 86400.0::float8 * (hashtextextended('j' || faultline._utc(:'base'), 0) & 4294967295) / 4294967296)), 'and foreseeable')
from faultline.jobs where job_id = (tick('j', :'base')).job_id;

-- Overlap: the tick is skipped, and that is what it stays.
select put('o', '{"overlap": "skip", "queue": "o"}'), since('o', :'base'::timestamptz - interval '1 hour') \g /dev/null
select split_part(fire('o', :'base'::timestamptz - interval '5 min'), ' ', 1) as job \gset
select is(fire('o', :'base'::timestamptz - interval '4 min'), '- - f', 'skipped');
select is((t.outcome, t.detail), ('skipped'::text, format('job %s of tick %s is not over', :job, faultline._utc(:'base'::timestamptz - interval '5 min'))), 'and why') from tick('o', :'base'::timestamptz - interval '4 min') t;
select faultline.cancel_job(:job) \g /dev/null
select is(fire('o', :'base'::timestamptz - interval '4 min'), '- - f', 'repeated, though it would be free now');
select is(split_part(fire('o', :'base'::timestamptz - interval '3 min'), ' ', 3), 't', 'the next one is made');
select is(split_part(fire('o', :'base'::timestamptz - interval '10 min', 1, ', true'), ' ', 3), 't', 'a backfill asks for no overlap');

-- A backfill.
select put('b', '{"missed": "skip"}') \g /dev/null
select is(split_part(fire('b', :'base'::timestamptz - interval '1 year', 1, ', true'), ' ', 3), 't', 'from before the schedule was put');
select is((tick('b', :'base'::timestamptz - interval '1 year')).kind, 'backfill', 'marked as one');
select is(split_part(fire('b', :'base'::timestamptz - interval '1 year', 1, ', backfill => true'), ' ', 3), 'f', 'repeated');
select faultline.pause_schedule('b') \g /dev/null
select is(split_part(fire('b', :'base'::timestamptz - interval '2 year', 1, ', true'), ' ', 3), 't', 'also of a paused schedule');
select is((faultline._schedule_cursor(schedule('b'))), (schedule('b')).ticks_after, 'its calendar is where it was');

-- Errors.
select put('e', '{"starts_at": "2026-01-01T00:00Z"}'), since('e', :'base'::timestamptz - interval '2 hours'), fire('e', :'base'::timestamptz - interval '1 hour') \g /dev/null
select refused('faultline_runner', format('select faultline.fire_schedule(''e'', %L, %s)', at_, args), code, format(message, faultline._utc(at_)), hint)
from (values
  (:'base'::timestamptz, '2', 'FL003', 'tick %s of schedule e was computed from version 2, and it is at version 1', 'Read the schedule again: schedule_changes tells how it is.'),
  (:'base'::timestamptz, 'null', 'FL003', 'tick %s of schedule e was computed from version NULL, and it is at version 1', 'Read the schedule again: schedule_changes tells how it is.'),
  (:'base'::timestamptz - interval '2 hour', '1', 'FL003', 'tick %s of schedule e is not later than its last, ' || faultline._utc(:'base'::timestamptz - interval '1 hour'), 'backfill => true makes a tick of the past.'),
  (:'base'::timestamptz - interval '10 min', '1, true', 'FL003', 'tick %s of schedule e is not past yet: it is later than its last, ' || faultline._utc(:'base'::timestamptz - interval '1 hour'), 'The calendar makes it, or drops it, by the rule for missed ticks.'),
  ('2025-12-31 23:59Z', '1, true', 'FL004', 'tick %s of schedule e lies before starts_at, 2026-01-01T00:00:00Z', 'A schedule has ticks from starts_at to ends_at.'),
  (:'base'::timestamptz - interval '10 s', '1', 'FL004', 'tick %s of schedule e is none: it is not at a multiple of 60 s', 'Only the time zones that the database knows count: zone_offsets tells.')) v (at_, args, code, message, hint);
select throws_like(format('select faultline.fire_schedule(''e'', %L, 1)', :'base'::timestamptz + interval '1 hour'), '%lies in the future: the clock of the database says %', 'a tick in the future');
select refused('faultline_runner', format('select faultline.fire_schedule(''s'', %L, %s)', at_, args), code, message, hint)
from (values (:'base'::timestamptz, '2', 'FL003', 'schedule s is paused', 'resume_schedule lets it go on; what falls into the pause does not happen.'),
  (null, '2', 'FL004', 'tick_at NULL is not a time', 'When the tick was due'), ('infinity', '2', 'FL004', 'tick_at infinity is not a time', 'When the tick was due')) v (at_, args, code, message, hint);
select refused('faultline_runner', format('select faultline.fire_schedule(%L, now(), 1)', name), 'FL005', 'there is no schedule ' || coalesce(name, 'NULL'), 'put_schedule comes first.') from unnest(array['none', null]) name;
select refused(role, 'select faultline.fire_schedule(''e'', now(), 1)', '42501', 'permission denied for function fire_schedule') from unnest(array['faultline_producer', 'faultline_observer']) role;
-- A workflow that wants another input.
select begun('{"m": {"type": "t", "for_each": "input.files"}}', '{"files": []}', 'flow') \g /dev/null
select refused('faultline_runner', format('select faultline.fire_schedule(''w2'', %L, 1)', :'base'), 'FL005', 'there is no schedule w2');
select put('w2', '{"type": null, "workflow": "flow"}'), since('w2', :'base'::timestamptz - interval '1 hour') \g /dev/null
select refused('faultline_runner', format('select faultline.fire_schedule(''w2'', %L, 1)', :'base'), 'FL004', 'for_each of task m: input.files is no list but missing', 'Give the run a list there');
select healthy('healthy');

select * from finish();
rollback;
