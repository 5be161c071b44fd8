\ir ../../support/workflows.sql

begin;
select * from no_plan();

-- Between two others of the same workflow, and whatever way the planner finds to the task.
select begun('{"a": {"type": "t"}, "a.b": {"type": "t"}, "m": {"type": "t", "for_each": "input.l"}}', '{"l": [9]}') as one \gset
select faultline.trigger_workflow('w', '{"l": [1, 2], "o": {"k": [5]}}') as run \gset
select faultline.trigger_workflow('w', '{"l": [9]}') as two \gset
select task_ends(:run, 'a', 'succeeded', '{"x": {"y": [7, 8]}, "b": 0}'), task_ends(:run, 'a.b', 'succeeded', '{"x": 2}'), task_ends(:run, 'm[0]', 'succeeded', '3'), task_ends(:run, 'm[1]', 'succeeded', '4') \g /dev/null
select task_ends(run, name, 'succeeded', '{"x": 9}') from unnest(array[:one, :two]) run, unnest('{a,a.b,m[0]}'::text[]) name \g /dev/null
create function tap.refers() returns setof text language sql volatile as $$
select is(faultline._refer(r, '{"needs": ["a", "a.b", "m"]}', reference), value, reference)
from faultline.runs r, (values
  ('a', '{"x": {"y": [7, 8]}, "b": 0}'::jsonb), ('a.x', '{"y": [7, 8]}'), ('a.x.y', '[7, 8]'), ('a.x.y.1', '8'), ('a.b', '{"x": 2}'), ('a.b.x', '2'),
  ('m', '[3, 4]'), ('m.0', '3'), ('input', '{"l": [1, 2], "o": {"k": [5]}}'), ('input.o.k', '[5]'),
  ('a.z', null), ('a.x.z.y', null), ('input.none', null)) v (reference, value)
where r.run_id = (select max(run_id) - 1 from faultline.runs)
$$;
select * from refers();
set local enable_indexscan = off;
set local enable_bitmapscan = off;
discard plans;
select * from refers();

select * from finish();
rollback;
