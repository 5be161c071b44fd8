\ir ../../support/schedules.sql
begin;
select * from no_plan();

create table tap.good as select '{"schedule": "s", "version": 1, "tick_at": "2026-01-01T00:00:00Z", "after": "2025-12-31T00:00:00Z"}'::jsonb as tick;
select lives_ok(format('select faultline._check_ticks(%L)', jsonb_build_array(tick || more)), more::text) from tap.good, unnest(array['{}', '{"missed": 1000000}', '{"fire": false, "missed": 1}', '{"missed": null, "fire": null}', '{"other": 1}']::jsonb[]) more;
select is(jsonb_array_length(faultline._check_ticks((select jsonb_agg(tick) from tap.good, generate_series(1, 10000)))), 10000, 'ten thousand');
select refuses(format('select faultline._check_ticks(%L)', ticks), 'FL004', message, message)
from tap.good, lateral (values
  (null, 'ticks is not an array but NULL'), ('{}'::jsonb, 'ticks is not an array but of type object'), ((select jsonb_agg(1) from generate_series(1, 10001)), 'the array has 10001 elements'),
  (jsonb_build_array(tick, 5), 'tick 2: it is not an object but of type number'), (jsonb_build_array(tick - 'after'), 'tick 1: schedule, version, tick_at and after are needed'), (jsonb_build_array(tick - 'schedule'), 'tick 1: schedule, version, tick_at and after are needed'),
  (jsonb_build_array(tick || '{"tick_at": "infinity"}'), 'tick 1: schedule, version, tick_at and after are needed'), (jsonb_build_array(tick || '{"after": "-infinity"}'), 'tick 1: schedule, version, tick_at and after are needed'),
  (jsonb_build_array(tick || '{"version": "one"}'), 'tick 1: invalid input syntax for type integer: "one"'), (jsonb_build_array(tick || '{"tick_at": "noon"}'), 'tick 1: invalid input syntax for type timestamp with time zone: "noon"'),
  (jsonb_build_array(tick || '{"missed": -1}'), 'tick 1: missed -1 is out of bounds'), (jsonb_build_array(tick || '{"missed": 1000001}'), 'tick 1: missed 1000001 is out of bounds'), (jsonb_build_array(tick || '{"fire": false}'), 'tick 1: missed 0 is out of bounds'),
  (jsonb_build_array(tick || '{"fire": false, "missed": 0}'), 'tick 1: missed 0 is out of bounds')) v (ticks, message);

select * from finish();
rollback;
