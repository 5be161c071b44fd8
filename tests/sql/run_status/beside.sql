\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- Two runs of the first version; in the second one, and in another workflow, the same tasks have no for_each.
select begun('{"a": {"type": "t"}, "b": {"type": "t", "needs": "m"}, "l": {"type": "t", "for_each": "input.l", "concurrency": 1}, "m": {"type": "t", "for_each": "input.m", "concurrency": 1}}', jsonb_build_object('l', (select jsonb_agg(n) from generate_series(1, 1001) n), 'm', '[1, 2, 3]'::jsonb)) as a \gset
select faultline.trigger_workflow('w', '{"l": [1], "m": [1, 2]}') as b \gset
select faultline.put_workflow(jsonb_build_object('name', name, 'tasks', '{"a": {"type": "t"}, "l": {"type": "t"}, "m": {"type": "t"}}'::jsonb)) from unnest('{w,x}'::text[]) name \g /dev/null
select task_ends(:a, 'm[0]'), task_ends(:b, 'm[0]', 'failed') \g /dev/null

create function tap.status(run bigint) returns jsonb language sql as $$ select observe(format('select faultline.run_status(%s)', run))::jsonb $$;
create function tap.of(run bigint) returns setof text language sql as $$
select concat_ws(' ', t ->> 'name', t ->> 'state', t ->> 'attempt', t #>> '{error,message}', nullif(t -> 'items', 'null')) from jsonb_array_elements(status(run) -> 'tasks') t
$$;
select is(string_agg(o, ', '), 'a queued 0, l running {"queued": 1, "waiting": 1000}, m running {"queued": 1, "waiting": 1, "succeeded": 1}, m[0] succeeded 1, m[1] queued 0, m[2] waiting, b waiting', 'each task once, and how many of its items are in which state')
from of(:a) o where o !~ '^l\[';
select is(string_agg(o, ', '), (select string_agg(format('l[%s] ', n) || case n when 0 then 'queued 0' else 'waiting' end, ', ' order by n) from generate_series(0, 999) n), 'the first thousand items, in their order') from of(:a) o where o ~ '^l\[';
select is(string_agg(o, ', '), 'a queued 0, l running {"queued": 1}, l[0] queued 0, m running {"failed": 1, "queued": 1}, m[0] failed 1 broken, m[1] queued 0, b waiting', 'beside it the other run') from of(:b) o;

-- A claimed task is running; one that is retried says why, and so does one that has failed for good.
select task_claimed(:b, 'a') as attempt \gset
select is(string_agg(o, ', '), 'a running 1', 'a handler has it') from of(:b) o where o ~ '^a';
select is(faultline.fail_job(task_job(:b, 'a'), :attempt, '{"message": "try again"}'), 'ok', 'it fails');
select is(string_agg(o, ', '), 'a queued 1 try again', 'and is tried again') from of(:b) o where o ~ '^a';
select task_ends(:b, 'a', 'failed') \g /dev/null
select is(string_agg(o, ', '), 'a failed 2 broken', 'until it has failed') from of(:b) o where o ~ '^a';
select volatility_is('faultline', 'run_status', array['bigint'], 'stable', 'it says what the query sees that calls it');

select * from finish();
rollback;
