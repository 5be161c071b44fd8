\ir ../../support/schedules.sql
begin;
select * from no_plan();

select date_trunc('minute', now()) as base \gset
create function tap.at(minutes int) returns text language sql as $$ select faultline._utc(date_trunc('minute', now()) - minutes * interval '1 min') $$;
-- A proposal: so many minutes ago, computed when the calendar was so many minutes back.
create function tap.tick_of(name text, ago int, after int, more jsonb default '{}') returns jsonb language sql
as $$ select jsonb_build_object('schedule', name, 'version', 1, 'tick_at', tap.at(ago), 'after', tap.at(after)) || more $$;
create function tap.fired(variadic ticks jsonb[]) returns text language sql
as $$ select run(format('select string_agg(format(''%%s %%s %%s %%s'', f.ordinal, f.schedule, f.outcome, case when f.job_id is not null then ''job'' when f.run_id is not null then ''run'' else ''-'' end), '', '' order by n) from faultline.fire_schedules(%L) with ordinality f (ordinal, schedule, tick_at, outcome, job_id, run_id, cursor, detail, n)', to_jsonb(ticks))) $$;
select begun('{"m": {"type": "t", "for_each": "input.files"}}', '{"files": []}', 'flow'), begun('{"a": {"type": "t"}}', '{}', 'good') \g /dev/null
select put(name, d || '{"missed": "all"}'), since(name, :'base'::timestamptz - interval '60 min')
from (values ('a', '{}'::jsonb), ('b', '{}'), ('o', '{"overlap": "skip"}'), ('p', '{}'), ('d', '{}'), ('w', '{"type": null, "workflow": "good"}'), ('f', '{"type": null, "workflow": "flow"}'), ('late', '{"missed_window": "10 min"}'), ('ends', '{"ends_at": "2026-01-01T00:00Z"}')) v (name, d) \g /dev/null
select faultline.pause_schedule('p'), faultline.delete_schedule('d') \g /dev/null

select is(fired(variadic '{}'), null, 'nothing for nothing');
select is(fired(tick_of('b', 50, 60), tick_of('a', 59, 60), tick_of('a', 58, 59), tick_of('b', 49, 50)), '2 a made job, 3 a made job, 1 b made job, 4 b made job', 'of each schedule the oldest first; locked in the order of names');
select is(fired(tick_of('b', 50, 60), tick_of('a', 59, 60), tick_of('a', 58, 59), tick_of('b', 49, 50)), '2 a repeat job, 3 a repeat job, 1 b repeat job, 4 b repeat job', 'repeated');
select is(fired(tick_of('a', 58, 59), tick_of('a', 57, 58)), '1 a repeat job, 2 a made job', 'what is new beside it');
-- Compare and set.
select is(fired(tick_of('a', 50, 58), tick_of('a', 49, 50)), '1 a behind -, 2 a behind -', 'computed from where the calendar is no more: nothing, nor what follows');
select is(f.detail, format('tick %s of schedule a was computed from %s, and it is at %s', at(50), at(58), at(57)), 'it says so') || E'\n' || is(f.cursor, at(57)::timestamptz, 'and where it is') from faultline.fire_schedules(jsonb_build_array(tick_of('a', 50, 58))) f;
-- Missed ticks are counted, once.
select is(fired(tick_of('a', 50, 57, '{"missed": 6}')), '1 a made job', 'six are dropped before this one');
select is(fired(tick_of('a', 50, 57, '{"missed": 6}')), '1 a repeat job', 'repeated');
select is(fired(tick_of('a', 40, 50, '{"missed": 10, "fire": false}')), '1 a missed -', 'ten are dropped, this one too');
select is(fired(tick_of('a', 40, 50, '{"missed": 10, "fire": false}')), '1 a repeat -', 'repeated');
select is((t.outcome, t.missed, t.kind), ('missed'::text, 10, 'calendar'::text), 'as it is recorded') from tick('a', at(40)::timestamptz) t;
select is(value, 16::double precision, 'the metric adds them up') from faultline.metrics() where name = 'faultline_schedule_missed_total';
select is(missed_ticks, 16::bigint, 'and people see them') from faultline.schedule_list where schedule = 'a';
-- Overlap.
select is(fired(tick_of('o', 59, 60), tick_of('o', 58, 59), tick_of('o', 57, 58)), '1 o made job, 2 o skipped -, 3 o skipped -', 'overlapping ticks are skipped');
select is(fired(tick_of('o', 58, 59)), '1 o repeat -', 'and stay so');
-- Runs; one whose workflow refuses the input is recorded, and harms no other.
select is(fired(tick_of('f', 59, 60), tick_of('w', 59, 60), tick_of('b', 40, 49)), '3 b made job, 1 f failed -, 2 w made run', 'runs');
select is((t.outcome, t.detail, t.missed), ('failed'::text, 'for_each of task m: input.files is no list but missing'::text, 0), 'why it has failed') from tick('f', at(59)::timestamptz) t;
select is(fired(tick_of('f', 59, 60), tick_of('w', 59, 60)), '1 f repeat -, 2 w repeat run', 'repeated');
select is(count(*), 0::bigint, 'nothing of it is left') from faultline.runs where workflow = 'flow' and idempotency_key is not null;
-- Refused, each alone.
select is(fired(tick_of('none', 1, 2), tick_of('d', 59, 60), tick_of('p', 59, 60), tick_of('b', 39, 40, '{"version": 2}'), tick_of('b', -5, 40), tick_of('late', 20, 61), tick_of('ends', 59, 60), tick_of('b', 45, 40), tick_of('b', 0, 40, '{"fire": false, "missed": 1}'),
    tick_of('b', 39, 40) || jsonb_build_object('tick_at', :'base'::timestamptz - interval '30 s'), tick_of('b', 39, 40)),
  '4 b version -, 5 b future -, 8 b behind -, 9 b on_time -, 10 b not_a_tick -, 11 b made job, 2 d unknown -, 7 ends outside -, 6 late behind -, 1 none unknown -, 3 p paused -', 'refused, each alone');
select is(f.cursor, case f.schedule when 'none' then null else at(60)::timestamptz end, 'how far it is: ' || f.schedule) || E'\n' || isnt(f.detail, null, 'and why') from faultline.fire_schedules(jsonb_build_array(tick_of('none', 1, 2), tick_of('p', 59, 60))) f;
select is(count(*), 1::bigint, 'a schedule that is unknown is said to be') from faultline.fire_schedules(jsonb_build_array(tick_of('none', 1, 2))) f where f.detail = 'there is no schedule none';
-- What was in its window when it was computed, and is not any more, is dropped: what follows it goes on.
select is(fired(tick_of('late', 13, 60, '{"missed": 46}'), tick_of('late', 12, 13), tick_of('late', 9, 12, '{"missed": 2}')), '1 late missed -, 2 late missed -, 3 late made job', 'too late by now');
select is((t.outcome, t.missed, t.kind), ('missed'::text, m, 'calendar'::text), 'counted, ' || a) from (values (13, 47), (12, 1)) v (a, m), tick('late', at(a)::timestamptz) t;
select is(missed_ticks, 50::bigint, 'with what they count') from faultline.schedule_list where schedule = 'late';
select is(fired(tick_of('late', 11, 9)), '1 late behind -', 'and no way back');
select is(fired(tick_of('s', 20, 60) || jsonb_build_object('tick_at', :'base'::timestamptz - interval '1210 s')), '1 s not_a_tick -', 'one that is none is not counted') from (select put('s', '{"missed": "skip"}'), since('s', :'base'::timestamptz - interval '60 min') offset 0) v;

-- A tick updates nothing: an old snapshot elsewhere keeps no dead rows of schedules.
select ctid as before from faultline.schedules where schedule = 'b' \gset
select is(fired(tick_of('b', 38, 39)), '1 b made job', 'one more');
select is(ctid, :'before'::tid, 'the row of its schedule is the same') from faultline.schedules where schedule = 'b';

select refused('faultline_runner', format('select faultline.fire_schedules(%L)', '[{"schedule": 5}]'), 'FL004', 'tick 1: schedule, version, tick_at and after are needed');
select refused(role, 'select faultline.fire_schedules(''[]'')', '42501', 'permission denied for function fire_schedules') from unnest(array['faultline_producer', 'faultline_observer']) role;
select healthy('healthy');
select * from finish();
rollback;
