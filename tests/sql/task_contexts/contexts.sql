\ir ../../support/workflows.sql
begin;
select * from no_plan();

select begun('{"a": {"type": "t"}, "b": {"type": "t"}, "m": {"type": "t", "needs": ["a", "b"], "for_each": "input.l"}, "z": {"type": "t", "needs": "b"}}', '{"l": ["x", {"y": 1}]}') as run \gset
select task_ends(:run, 'a', 'succeeded', '5'), task_ends(:run, 'b') \g /dev/null
select is(name, name, 'a task') from faultline.task_contexts(array[]::bigint[]);
create function tap.contexts(ids bigint[]) returns setof record language sql as $$ select t.name, t.item, t.input, t.results from faultline.task_contexts(ids) t $$;
select results_eq(format($$select * from contexts(%L) as t (name text, item jsonb, input jsonb, results jsonb)$$, array[task_job(:run, 'm[1]'), task_job(:run, 'z'), task_job(:run, 'm[0]')]),
  $$values ('m', '"x"'::jsonb, '{"l": ["x", {"y": 1}]}'::jsonb, '{"a": 5, "b": null}'::jsonb), ('m', '{"y": 1}', null, null), ('z', null, '{"l": ["x", {"y": 1}]}', '{"b": null}')$$,
  'element, input and the results of what it needs, once a task');
select is_empty(format('select * from faultline.task_contexts(%L)', array[queued('plain'), task_job(:run, 'a'), 424242, null]), 'what is no task, or not live, is left out');
select refused('faultline_runner', 'select name from faultline.task_contexts(array_fill(1::bigint, array[10001]))', 'FL004', 'there are 10001 jobs', 'At most 10000 a call');
select refused(role, 'select name from faultline.task_contexts(null)', '42501', 'permission denied for function task_contexts') from unnest(array['faultline_producer', 'faultline_operator', 'faultline_observer']) role;
select is(run('select name from faultline.task_contexts(array_fill(1::bigint, array[10000]))'), null, 'the most');

select * from finish();
rollback;
