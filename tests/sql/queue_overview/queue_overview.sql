\ir ../../support/operating.sql
select * from no_plan();

select is(
  (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
   from pg_attribute a where a.attrelid = 'faultline.queue_overview'::regclass and a.attnum > 0),
  'queue text, paused boolean, paused_note text, max_running integer, max_attempts integer, backoff jsonb, lease interval, '
  'queued bigint, running bigint, failed bigint',
  'its columns');
select is_empty('select * from faultline.queue_overview', 'no queue is known before its first job');

select job_in('queued', '{"queue": "a"}') from generate_series(1, 3) \g /dev/null
select job_in('queued', '{"queue": "a", "priority": 4, "run_at": "2100-01-01"}') \g /dev/null
select job_in('running', '{"queue": "b"}') from generate_series(1, 2) \g /dev/null
select job_in('failed', '{"queue": "c"}') \g /dev/null
select job_in(s, '{"queue": "done"}') from unnest(array['succeeded', 'cancelled', 'discarded']) s \g /dev/null
select job_in(s, '{"queue": "z"}') from unnest(array['queued', 'running', 'failed']) s \g /dev/null
select faultline.set_queue('set', '{"max_running": 7, "max_attempts": 9, "backoff": {"kind": "fixed"}, "lease": "1 minute"}') \g /dev/null
select faultline.pause_queue('paused', 'holiday') \g /dev/null
select results_eq('select queue, queued, running, failed from faultline.queue_overview order by queue',
  $$values ('a', 4::bigint, 0::bigint, 0::bigint), ('b', 0, 2, 0), ('c', 0, 0, 1), ('paused', 0, 0, 0), ('set', 0, 0, 0), ('z', 1, 1, 1)$$,
  'every queue with live jobs or settings, each once; jobs by state, those that may not run yet too');
select results_eq($$select queue, paused, paused_note, max_running, max_attempts, backoff, lease from faultline.queue_overview where queue in ('a', 'paused', 'set') order by queue$$,
  $$values ('a', false, null, null::int, 5, '{"kind": "exponential", "delay": "1s", "max_delay": "1h", "jitter": 0.2}'::jsonb, '30 s'::interval),
           ('paused', true, 'holiday', null, 5, '{"kind": "exponential", "delay": "1s", "max_delay": "1h", "jitter": 0.2}', '30 s'),
           ('set', false, null, 7, 9, '{"kind": "fixed"}', '1 minute')$$,
  'with the settings that hold for it: its own, else the defaults');
select is(observe('select count(*) from faultline.queue_overview'), '6', 'an observer reads it');

select faultline.resume_queue('paused');
select results_eq($$select paused, paused_note from faultline.queue_overview where queue = 'paused'$$, $$values (false, null::text)$$, 'resumed');

select * from finish();
