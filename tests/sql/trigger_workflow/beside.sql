\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- The last version, of this workflow. The first one, and another workflow, want a list that no input below has.
select faultline.put_workflow(jsonb_build_object('name', name, 'tasks', '{"a": {"type": "t"}, "m": {"type": "t", "for_each": "input.none"}}'::jsonb)) from unnest('{w,x}'::text[]) name \g /dev/null
select faultline.put_workflow(jsonb_build_object('name', 'x', 'tasks', jsonb_build_object('a', '{"type": "t"}'::jsonb, 'm', jsonb_build_object('type', 't', 'for_each', 'input.none', 'concurrency', n)))) from generate_series(1, 3) n \g /dev/null
select faultline.put_workflow('{"name": "w", "tasks": {"a": {"type": "t"}, "b": {"type": "t", "needs": "a", "for_each": "a.b"}, "c": {"type": "t", "for_each": "input.c.d"}, "d": {"type": "t", "for_each": "input.e"}}}') \g /dev/null
select produce($$select faultline.trigger_workflow('w', '{"c": {"d": [1]}, "e": []}')$$) as run \gset
select is((r.version, r.root_run_id, r.created_at > now(), r.parent_run_id, r.idempotency_key, r.headers), (2, :run::bigint, true, null::bigint, null::text, null::jsonb), 'a run of the last version, from when it was triggered') from faultline.runs r where r.run_id = :run;
select is(tasks(:run), 'a queued, c running, c[0] queued, d succeeded, b waiting', 'a list of a task''s result is none of the input''s');
select refused('faultline_producer', $$select faultline.trigger_workflow('w', '{}')$$, 'FL004', 'for_each of task c: input.c.d is no list but missing', 'Give the run a list there');
select refused('faultline_producer', $$select faultline.trigger_workflow('w', '{"c": {"d": []}, "e": null}')$$, 'FL004', 'for_each of task d: input.e is no list but of type null', 'Give the run a list there');
select refused('faultline_producer', $$select faultline.trigger_workflow('w', '{"c": {"d": {}}, "e": []}')$$, 'FL004', 'for_each of task c: input.c.d is no list but of type object', 'Give the run a list there');
select faultline.put_workflow('{"name": "two", "tasks": {"aa": {"type": "t", "for_each": "input.l"}, "z": {"type": "t", "for_each": "input.l"}}}') \g /dev/null
select refused('faultline_producer', 'select faultline.trigger_workflow(''two'')', 'FL004', 'for_each of task z: input.l is no list but missing', 'Give the run a list there');

-- What it may be.
select refused('faultline_producer', 'select faultline.trigger_workflow(''a b'')', 'FL004', 'name ''a b'' is not a name', 'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -');
select refused('faultline_producer', format('select faultline.trigger_workflow(''w'', idempotency_key => %L)', 'faultline.tick:' || repeat('x', 285)), 'FL004',
  format('the idempotency key ''%s'' is one of a schedule', 'faultline.tick:' || repeat('x', 245)), 'A key that begins with faultline.tick: stands for a tick: take another');

-- One key, one run, each of them.
select faultline.put_workflow('{"name": "k", "tasks": {"a": {"type": "t"}}}'), faultline.put_workflow('{"name": "l", "tasks": {"a": {"type": "t"}}}') \g /dev/null
select produce('select faultline.trigger_workflow(''k'', ''{"n": 1}'', ''1'')') as one \gset
select produce('select faultline.trigger_workflow(''k'', ''{"n": 2}'', ''2'')') as two \gset
select produce('select faultline.trigger_workflow(''l'', ''{"n": 3}'', ''1'')') as other \gset
select is((select count(distinct r) from unnest(array[:one, :two, :other]::bigint[]) r), 3::bigint, 'three keys');
select changes_nothing('faultline_producer', format('select faultline.trigger_workflow(%L, %L, %L)', name, input, key), run::text, 'each has its run')
from (values ('k', '{"n": 1}', '1', :one), ('k', '{"n": 2}', '2', :two), ('l', '{"n": 3}', '1', :other)) v (name, input, key, run);

select * from finish();
rollback;
