\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- Two runs of the first version; in the second one, and in another workflow, the same tasks wait for the other signal.
select begun('{"a": {"type": "t"}, "s": {"wait_for": "ok"}, "s2": {"wait_for": "other"}, "s3": {"wait_for": "ok", "needs": "a"}, "s4": {"wait_for": "ok"}}') as a \gset
select faultline.trigger_workflow('w') as b \gset
select faultline.put_workflow(jsonb_build_object('name', name, 'tasks', jsonb_build_object(
  'a', '{"type": "t"}'::jsonb, 's', '{"wait_for": "other"}'::jsonb, 's2', '{"wait_for": "ok"}'::jsonb, 's3', '{"wait_for": "other", "needs": "a"}'::jsonb, 's4', '{"wait_for": "other"}'::jsonb, 's5', jsonb_build_object('wait_for', 'of-' || name))))
from unnest('{w,x}'::text[]) name \g /dev/null
select refused('faultline_producer', format('select faultline.signal_run(%s, %L)', :a, name), 'FL005', format('no task of workflow w waits for a signal %s', name), 'They wait for ok, other')
from unnest('{of-w,of-x,a}'::text[]) name;
select is(produce(format($$select faultline.signal_run(%s, 'ok', '5')$$, :b)), 'signalled', 'one run');
select is(produce(format($$select faultline.signal_run(%s, 'ok', '"six"')$$, :a)), 'signalled', 'the other one, with another payload');
select is(tasks(:a), 'a queued, s succeeded, s2 running, s4 succeeded, s3 waiting', 'what waits for it goes on, and nothing else');
select is(tasks(:b), 'a queued, s succeeded, s2 running, s4 succeeded, s3 waiting', 'in either of them');
select is(string_agg(distinct result::text, ' '), '"six"', 'with its own payload') from faultline.tasks where run_id = :a and state = 'succeeded';
select is(produce(format('select faultline.signal_run(%s, ''other'')', :a)), 'signalled', 'another signal of the same run, without a payload');
select is(tasks(:a) || '; ' || tasks(:b), 'a queued, s succeeded, s2 succeeded, s4 succeeded, s3 waiting; a queued, s succeeded, s2 running, s4 succeeded, s3 waiting', 'ends what waits for that');
select changes_nothing('faultline_producer', format('select faultline.signal_run(%s, ''other'')', :a), 'signalled', 'repeated, without one again');
select refused('faultline_producer', format($$select faultline.signal_run(%s, 'other', '1')$$, :a), 'FL002', format('run %s was given signal other with another payload', :a), 'The first one stays.');
select results_eq(format('select name, payload, at > now() from faultline.run_signals where run_id = %s order by name', :a), $$values ('ok', '"six"'::jsonb, true), ('other', null, true)$$, 'they are kept, with the time at which they came');

-- A task that waits in another run, where what it needs is over, is none that waits in this one.
select begun('{"a": {"type": "t"}, "s": {"wait_for": "ok", "needs": "a"}}', '{}', 'early') as early \gset
select faultline.trigger_workflow('early') as later \gset
select task_ends(:later, 'a') \g /dev/null
select is(produce(format('select faultline.signal_run(%s, ''ok'')', :early)) || ': ' || tasks(:early) || '; ' || tasks(:later), 'signalled: a queued, s waiting; a succeeded, s running', 'each run by itself');

-- What it may be.
select begun((select jsonb_object_agg('s' || n, jsonb_build_object('wait_for', 'signal-' || n % 9)) from generate_series(1, 18) n)) as run \gset
select refused('faultline_producer', format('select faultline.signal_run(%s, ''none'')', :run), 'FL005', 'no task of workflow w waits for a signal none', 'They wait for ' || (select string_agg('signal-' || n, ', ' order by n) from generate_series(0, 8) n));
select begun('{"s": {"wait_for": "ok"}}') as run \gset
select refused('faultline_producer', format('select faultline.signal_run(%s, %s)', :run, name), 'FL004', format('signal %s is not a name', coalesce(name, 'NULL')), 'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -') from unnest(array['''a b''', 'NULL']) name;
select refused('faultline_producer', format('select faultline.signal_run(%s, ''ok'', to_jsonb(repeat(''x'', 262143)))', :run), 'FL004', 'the payload has 262145 bytes as text', null);
select is(produce(format('select faultline.signal_run(%s, ''ok'', to_jsonb(repeat(''x'', 262142)))', :run)), 'signalled', 'the largest payload');

select * from finish();
rollback;
