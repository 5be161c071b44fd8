\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- Two runs of the first version, and one of another workflow; in the second version, and in that other workflow, the timer
-- is a wait for a signal, and the other way round.
select begun('{"t": {"wait": "10m"}, "s": {"wait_for": "ok", "timeout": "20m"}, "z": {"type": "t", "needs": "t"}}') as a \gset
select faultline.trigger_workflow('w') as b \gset
select faultline.put_workflow(jsonb_build_object('name', name, 'tasks', '{"t": {"wait_for": "swapped", "timeout": "1h"}, "s": {"wait": "2h"}}'::jsonb)) from unnest('{w,x}'::text[]) name \g /dev/null
select faultline.trigger_workflow('x') as x \gset
create function tap.due(variadic runs bigint[]) returns void language sql volatile security definer as $$
update faultline.tasks t set due_at = clock_timestamp() where t.run_id = any (runs) and t.due_at is not null
$$;
select due(:a, :x) \g /dev/null
select is(run('select faultline.wake_tasks()'), '4', 'all that is due now');
select is(tasks(:a) || '; ' || tasks(:b) || '; ' || tasks(:x), 's failed, t succeeded, z queued; s running, t running, z waiting; s succeeded, t failed', 'and nothing else');
select is(string_agg((task(run, name)).error ->> 'message', '; '), 'no signal ok came within 00:20:00; no signal swapped came within 01:00:00', 'each as its version says') from (values (1, :a, 's'), (2, :x, 't')) v (n, run, name);

-- The walk starts at the floor, and has that too.
select begun('{"t": {"wait": "10m"}, "u": {"wait": "10m"}}', '{}', 'floor') as f \gset
update faultline.tasks set due_at = case name when 't' then '2020-01-02 00:00:00Z' else '2020-01-01 23:59:59.999999Z' end::timestamptz where run_id = :f;
create function tap.from_floor(wake text) returns text language sql as $$
select run(format('select faultline.wake_tasks(floor => %L)', jsonb_build_object('read_at', '2020-01-03Z', 'wake', wake)))
$$;
select is(from_floor('2020-01-02 00:00:00Z') || ': ' || tasks(:f), '1: t succeeded, u running', 'what is due at the floor is, what is due before it is not');
select is(from_floor('2020-01-01Z') || ': ' || tasks(:f), '1: t succeeded, u succeeded', 'from a lower floor it is');

-- A thousand, unless it is told otherwise.
select begun((select jsonb_object_agg('t' || n, '{"wait": "10m"}'::jsonb) from generate_series(1, 1001) n), '{}', 'many') as many \gset
select due(:many) \g /dev/null
select is(run('select faultline.wake_tasks(null)'), '1000', 'NULL is a thousand');
select is(run('select faultline.wake_tasks()'), '1', 'then there is one left');

select * from finish();
rollback;
