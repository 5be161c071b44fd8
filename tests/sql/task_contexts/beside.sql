\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- Two runs of the first version; in the second one, and in another workflow, the same tasks need another.
select begun('{"a": {"type": "t"}, "b": {"type": "t"}, "m": {"type": "t", "needs": "a", "for_each": "input.l"}, "n": {"type": "t", "needs": "a", "for_each": "input.l"}, "oo": {"type": "t", "needs": "a"}, "z": {"type": "t", "needs": "a"}}', '{"l": ["x", "y", "z"]}') as a \gset
select faultline.trigger_workflow('w', '{"l": [1, 2, 3]}') as b \gset
select faultline.put_workflow(jsonb_build_object('name', name, 'tasks', jsonb_object_agg(task, '{"type": "t"}'::jsonb || case when task > 'b' then '{"needs": "b"}' else '{}' end::jsonb)))
from unnest('{w,x}'::text[]) name, unnest('{a,b,m,n,oo,z}'::text[]) task group by name \g /dev/null
select faultline.trigger_workflow('x') as x \gset
select task_ends(run, 'a', 'succeeded', to_jsonb(run)) from unnest(array[:a, :b, :x]::bigint[]) run \g /dev/null
select task_ends(run, 'b', 'succeeded', '"b"') from unnest(array[:a, :b, :x]::bigint[]) run \g /dev/null
select queued('plain') as plain \gset

create function tap.task_of(id bigint) returns text language sql volatile security definer as $$ select j.task from faultline.jobs j where j.job_id = id $$;
-- What is answered, in its order, with a name for each run.
create function tap.contexts(a bigint, b bigint, ids bigint[]) returns text language sql as $$
select string_agg(concat_ws(' ', case c.run_id when a then 'a' when b then 'b' else 'x' end, tap.task_of(c.job_id), c.item,
  case when c.results is not null then format('input %s, results %s', c.input -> 'l', replace(replace(c.results::text, ' ' || a, ' of a'), ' ' || b, ' of b')) end, c.error ->> 'message'), '; ')
from faultline.task_contexts(ids) c
$$;
select is(tap.contexts(:a, :b, array[task_job(:b, 'z'), task_job(:x, 'z'), :plain, task_job(:a, 'z')]),
  'a z input ["x", "y", "z"], results {"a": of a}; b z input [1, 2, 3], results {"a": of b}; x z input , results {"b": "b"}', 'the same task of three runs: each has the results of its own, and the plain job has none');
select is(tap.contexts(:a, :b, array[task_job(:a, 'm[2]'), task_job(:b, 'm[2]'), task_job(:a, 'n[0]'), task_job(:a, 'm[0]'), task_job(:a, 'n[2]')]),
  'a m[0] "x" input ["x", "y", "z"], results {"a": of a}; a m[2] "z"; a n[0] "x" input ["x", "y", "z"], results {"a": of a}; a n[2] "z"; b m[2] 3 input [1, 2, 3], results {"a": of b}', 'items: the first of each task has it all');

select is(string_agg(name, ' '), 'oo z', 'tasks come by their names, whichever began first') from faultline.task_contexts(array[task_job(:a, 'z'), task_job(:a, 'oo')]);
select volatility_is('faultline', 'task_contexts', array['bigint[]'], 'stable', 'it says what the query sees that calls it');

select * from finish();
rollback;
