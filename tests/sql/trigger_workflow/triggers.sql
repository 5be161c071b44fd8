\ir ../../support/workflows.sql
begin;
select * from no_plan();

select faultline.put_workflow('{"name": "w", "defaults": {"queue": "q", "priority": 3, "timeout": "5s", "retry": {"max_attempts": 7, "backoff": {"kind": "fixed", "delay": "2s"}}},
  "tasks": {"a": {"type": "t", "payload": {"p": 1}}, "b": {"type": "u", "queue": "other", "retry": {"max_attempts": 1}}, "c": {"type": "t", "needs": ["a", "b"]}}}') \g /dev/null
select produce('select faultline.trigger_workflow(''w'')') as run \gset
select is(tasks(:run), 'a queued, b queued, c waiting', 'what needs nothing begins');
select results_eq(format('select task, type, queue, priority::int, max_attempts, payload, attempt from faultline.jobs where run_id = %s order by job_id', :run),
  $$values ('a', 't', 'q', 3, 7, '{"p": 1}'::jsonb, 0), ('b', 'u', 'other', 3, 1, '{}', 0)$$, 'as the tasks and the defaults say');
select is((l.timeout, l.backoff), ('5 s'::interval, '{"kind": "fixed", "delay": "2s"}'::jsonb), 'all of it') from faultline.jobs_live l where l.job_id = task_job(:run, 'a');
select faultline.set_queue('many', '{"max_attempts": 9}'), begun('{"a": {"type": "t", "queue": "many"}, "b": {"type": "t"}}', '{}', 'plain') as run \gset
select is(string_agg(max_attempts::text, ' ' order by task), '9 5', 'else as the queue or the settings say') from faultline.jobs where run_id = :run;
select isnt(produce('select faultline.trigger_workflow(''w'')'), produce('select faultline.trigger_workflow(''w'')'), 'without a key each call is a run');
select is((r.input, r.version, r.state, r.root_run_id), ('{}'::jsonb, 1, 'running'::text, r.run_id), 'a run') from faultline.runs r where run_id = produce('select faultline.trigger_workflow(''w'', null)')::bigint;

-- One key, one run.
select produce('select faultline.trigger_workflow(''w'', ''{"n": 1}'', ''k'')') as run \gset
select changes_nothing(role, 'select faultline.trigger_workflow(''w'', ''{"n": 1.0}'', ''k'')', :'run', 'repeated by ' || role) from unnest(array['faultline_producer', 'faultline_runner', 'faultline_operator']) role;
select refused('faultline_producer', 'select faultline.trigger_workflow(''w'', ''{"n": 2}'', ''k'')', 'FL002', format('idempotency key ''k'' of workflow w stands for run %s, which has another input', :run),
  'The same key wants the same input: use a new key for a new run.');
select isnt(produce('select faultline.trigger_workflow(''plain'', ''{"n": 1}'', ''k'')'), :'run', 'a key is of its workflow');

-- A new version is for new runs.
select faultline.trigger_workflow('plain') as old \gset
select is(begun('{"x": {"type": "t"}}', '{}', 'plain') is not null, true, 'another version');
select task_ends(:old, 'a'), task_ends(:old, 'b') \g /dev/null
select is(run_is(:old) || ' ' || version, 'succeeded 1', 'a run keeps its version') from faultline.runs where run_id = :old;

-- Headers travel with every job of the run: of tasks, of items, of runs below it, and of what is resumed.
select faultline.put_workflow('{"name": "below", "tasks": {"x": {"type": "t"}}}'),
  faultline.put_workflow('{"name": "carries", "tasks": {"a": {"type": "t"}, "b": {"type": "t", "for_each": "input.l"}, "c": {"workflow": "below"}, "d": {"type": "t", "needs": "a"}}}') \g /dev/null
select produce('select faultline.trigger_workflow(''carries'', ''{"l": [1, 2]}'', ''h'', ''{"traceparent": "00-a", "n": 1.50}'')') as run \gset
select task_ends(:run, 'a') \g /dev/null
select results_eq(format('select r.workflow, l.task, l.headers::text from faultline.jobs_live l join faultline.runs r on r.run_id = l.run_id where r.root_run_id = %s order by l.task collate "C" desc', :run),
  $$values ('below', 'x', '{"n": 1.50, "traceparent": "00-a"}'), ('carries', 'd', '{"n": 1.50, "traceparent": "00-a"}'), ('carries', 'b[1]', '{"n": 1.50, "traceparent": "00-a"}'), ('carries', 'b[0]', '{"n": 1.50, "traceparent": "00-a"}')$$, 'the jobs have them');
select is(headers ->> 'traceparent', '00-a', 'and keep them when they are over') from faultline.jobs_done where run_id = :run and task = 'a';
select faultline.cancel_run(:run) \g /dev/null
select faultline.resume_run(:run) \g /dev/null
select is(string_agg(distinct l.headers ->> 'traceparent', ' '), '00-a', 'a resume has them') from faultline.jobs_live l join faultline.runs r on r.run_id = l.run_id where r.root_run_id = :run;
select changes_nothing('faultline_producer', 'select faultline.trigger_workflow(''carries'', ''{"l": [1, 2]}'', ''h'', ''{"traceparent": "00-b"}'')', :'run', 'a repetition keeps those of the first');
select isnt(produce('select faultline.trigger_workflow(''below'', headers => jsonb_build_object(''x'', repeat(''x'', 16375)))'), null, 'the largest headers');
select produce('select faultline.trigger_workflow(''below'')') as run \gset
select is(headers, null, 'without headers there are none') from faultline.jobs_live where run_id = :run;

-- Errors.
select refused('faultline_producer', statement, code, message, hint)
from (values
  ('select faultline.trigger_workflow(''none'')', 'FL005', 'there is no workflow none', 'put_workflow comes first.'),
  ('select faultline.trigger_workflow(''w'', ''[]'')', 'FL004', 'the input is not an object but of type array', 'Put the value under a name, as in {"value": …}'),
  ('select faultline.trigger_workflow(''w'', jsonb_build_object(''x'', repeat(''x'', 262136)))', 'FL004', 'the input has 262145 bytes as text', 'At most 262144 (256 KiB): store the data elsewhere and pass a reference'),
  ('select faultline.trigger_workflow(''w'', headers => ''"x"'')', 'FL004', 'headers is not an object but of type string', 'For example {"traceparent": "…"}'),
  ('select faultline.trigger_workflow(''w'', headers => jsonb_build_object(''x'', repeat(''x'', 16376)))', 'FL004', 'headers has 16385 bytes as text', 'At most 16384'),
  ('select faultline.trigger_workflow(''w'', idempotency_key => '''')', 'FL004', 'the idempotency key has 0 characters', 'It has 1 to 255'),
  ('select faultline.trigger_workflow(''w'', idempotency_key => ''faultline.tick:nightly:2030-01-31T02:00:00Z'')', 'FL004', 'the idempotency key ''faultline.tick:nightly:2030-01-31T02:00:00Z'' is one of a schedule', 'A key that begins with faultline.tick: stands for a tick: take another'),
  ('select faultline.trigger_workflow(''w'', idempotency_key => repeat(''x'', 256))', 'FL004', 'the idempotency key has 256 characters', 'It has 1 to 255')) v (statement, code, message, hint);
select isnt(produce('select faultline.trigger_workflow(''w'', jsonb_build_object(''x'', repeat(''x'', 262135)), repeat(''k'', 255))'), null, 'the largest input, the longest key');
select isnt(produce('select faultline.trigger_workflow(''w'', idempotency_key => ''faultline.tick'')'), null, 'what only looks like a key of a schedule');
select faultline.put_workflow('{"name": "each", "tasks": {"m": {"type": "t", "for_each": "input.a.b"}}}') \g /dev/null
select refused('faultline_producer', format('select faultline.trigger_workflow(''each'', %L)', input), 'FL004', 'for_each of task m: input.a.b is no list but ' || what, 'Give the run a list there')
from (values ('{}', 'missing'), ('{"a": {"b": 1}}', 'of type number')) v (input, what);
select refused('faultline_observer', 'select faultline.trigger_workflow(''w'')', '42501', 'permission denied for function trigger_workflow');
select healthy('healthy');

select * from finish();
rollback;
