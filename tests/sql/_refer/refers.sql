\ir ../../support/workflows.sql

begin;
select * from no_plan();

select begun('{"a": {"type": "t"}, "a.b": {"type": "t"}, "m": {"type": "t", "for_each": "input.l"}}', '{"l": [1, 2], "o": {"k": [5]}}') as run \gset
select faultline.trigger_workflow('w', '{"l": [1]}') as other \gset
select task_ends(:run, 'a', 'succeeded', '{"x": {"y": [7, 8]}, "b": 0}'), task_ends(:run, 'a.b', 'succeeded', '{"x": 2}'), task_ends(:run, 'm[0]', 'succeeded', '3'), task_ends(:run, 'm[1]', 'succeeded', '4') \g /dev/null
select task_ends(:other, 'a', 'succeeded', '{"x": 9}'), task_ends(:other, 'a.b', 'succeeded', '{"x": 9}'), task_ends(:other, 'm[0]', 'succeeded', '9') \g /dev/null
select is(faultline._refer(r, '{"needs": ["a", "a.b", "m"]}', reference), value, reference)
from faultline.runs r, (values
  ('a', '{"x": {"y": [7, 8]}, "b": 0}'::jsonb), ('a.x', '{"y": [7, 8]}'), ('a.x.y', '[7, 8]'), ('a.x.y.1', '8'), ('a.b', '{"x": 2}'), ('a.b.x', '2'),
  ('m', '[3, 4]'), ('m.0', '3'), ('input', '{"l": [1, 2], "o": {"k": [5]}}'), ('input.o.k', '[5]'),
  ('a.z', null), ('a.x.z.y', null), ('input.none', null)) v (reference, value)
where r.run_id = :run;

select * from finish();
rollback;
