\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- Two runs of one workflow; c, l and m are workflows as tasks and have not begun. child has two versions.
select faultline.put_workflow('{"name": "child", "tasks": {"old": {"type": "t"}}}'), faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}}}') \g /dev/null
select faultline.put_workflow(jsonb_build_object('name', 'other', 'tasks', jsonb_build_object('t' || n, '{"type": "t"}'::jsonb))) from generate_series(1, 4) n \g /dev/null
select begun('{"g": {"type": "t"}, "c": {"workflow": "child", "needs": "g"}, "l": {"workflow": "child", "needs": "g", "for_each": "g"}, "m": {"workflow": "child", "needs": "g", "for_each": "g"}}', '{"o": {"k": 1}, "n": 5}') as a \gset
select faultline.trigger_workflow('w', '{"o": {"k": 2}}', headers => '{"h": 2}') as b \gset
insert into faultline.tasks (run_id, name, item, ordinal, value)
select r, n, i, 2, to_jsonb(i) from unnest(array[:a, :b]::bigint[]) r, unnest('{l,m}'::text[]) n, generate_series(0, 2) i;
-- Families have places of their own: there is a larger one in another.
insert into faultline.runs (run_id, root_run_id, parent_run_id, parent_task, depth, place, workflow, version, state, input, created_at, finished_at)
values (-1, :b, :b, 'c', 1, 40, 'child', 1, 'succeeded', '{}', now(), now()), (-2, :a, :a, 'c', 1, 7, 'child', 1, 'succeeded', '{}', now(), now());

create function tap.starts(run bigint, name text, item int, definition jsonb default '{}', element jsonb default null, depth int default 0) returns bigint
language plpgsql volatile security definer as $$
declare
  r faultline.runs;
begin
  select * into r from faultline.runs x where x.run_id = run;
  r.depth := starts.depth;
  return faultline._start_child(r, starts.name, starts.item, '{"workflow": "child"}' || starts.definition, starts.element);
end
$$;
-- All that has begun: run, task, state, and of its run: place, depth, input.
create function tap.begins() returns setof text language sql volatile security definer as $$
select format('%s %s %s: %s %s %s', case t.run_id when min(t.run_id) over () then 'a' else 'b' end, faultline._task_name(t.name, t.item), t.state, c.place, c.depth, c.input)
from faultline.tasks t
left join faultline.runs c on c.run_id = t.child_run_id
where t.state <> 'waiting' and t.name <> 'g'
order by t.run_id, t.name, t.item
$$;
create function tap.begun_so_far() returns text language sql as $$ select coalesce(string_agg(b, ', '), 'none') from begins() b $$;

select starts(:a, 'l', 1, '{"input": {"own": true}}', '{"e": 1}') as child \gset
select is(begun_so_far(), 'a l[1] running: 8 1 {"e": 1}', 'an item: behind the last place of the family, with its element');
select is((r.run_id, r.root_run_id, r.parent_run_id, r.parent_task, r.parent_item, r.workflow, r.version, r.state, r.headers), (:child::bigint, :a::bigint, :a::bigint, 'l'::text, 1, 'child'::text, 2, 'running'::text, null::jsonb), 'as the last version is now')
from faultline.runs r where r.run_id = (task(:a, 'l', 1)).child_run_id;
select is(starts(:b, 'l', 1, '{}', '5'), (task(:b, 'l', 1)).child_run_id, 'the same item of another run');
select is(begun_so_far(), 'a l[1] running: 8 1 {"e": 1}, b l[1] running: 41 1 {"item": 5}', 'has a run of its own');
select is((r.parent_run_id, r.headers, r.created_at > now()), (:b::bigint, '{"h": 2}'::jsonb, true), 'with the headers of its parent, when it began')
from faultline.runs r where r.run_id = (task(:b, 'l', 1)).child_run_id;
select is(starts(:a, 'l', 0, '{}', 'null') is not null, true, 'the first item');
select is(starts(:a, 'm', 1, '{}', '[1]') is not null, true, 'an item of another task');
select is(starts(:a, 'c', -1) is not null, true, 'a task');
select is(begun_so_far(), 'a c running: 11 1 {"n": 5, "o": {"k": 1}}, a l[0] running: 9 1 {"item": null}, a l[1] running: 8 1 {"e": 1}, a m[1] running: 10 1 {"item": [1]}, b l[1] running: 41 1 {"item": 5}',
  'it has the input of its parent');

-- What the input says.
create function tap.input_by(definition jsonb) returns jsonb language plpgsql as $$
declare
  b constant bigint := (select max(run_id) from faultline.runs where parent_run_id is null);
  child bigint;
begin
  update faultline.tasks t set state = 'waiting', child_run_id = null where t.run_id = b and t.name = 'c';
  child := starts(b, 'c', -1, definition);
  return (select r.input from faultline.runs r where r.run_id = child);
end
$$;
select is(input_by(definition), input, format('input: %s', definition))
from (values ('{"input": {"own": true}}'::jsonb, '{"own": true}'::jsonb), ('{"needs": [], "input": "input.o"}', '{"k": 2}'), ('{"needs": [], "input": "input.o.k"}', '{"item": 2}'),
  ('{"needs": [], "input": "input.none"}', '{"item": null}'), ('{}', '{"o": {"k": 2}}')) v (definition, input);

-- A run that it has goes on, and it alone.
update faultline.runs set state = 'failed', finished_at = now() where run_id in ((task(:a, 'l', 1)).child_run_id, (task(:b, 'l', 1)).child_run_id);
update faultline.tasks set state = 'waiting' where item >= 0;
update faultline.tasks set state = 'waiting' where name = 'c';
select is(starts(:a, 'l', 1, '{}', '{"e": 2}'), :child::bigint, 'the run that it has');
select is(begun_so_far(), 'a l[1] running: 8 1 {"e": 1}', 'it alone, with the input that it began with');
select is(string_agg(state, ' ' order by run_id), 'running failed', 'its run runs again, no other does') from faultline.runs where run_id in ((task(:a, 'l', 1)).child_run_id, (task(:b, 'l', 1)).child_run_id);

-- What can't begin.
create function tap.fails(name text, item int, definition jsonb, element jsonb default null, depth int default 0) returns text language plpgsql as $$
declare
  a constant bigint := (select min(run_id) from faultline.runs where parent_run_id is null);
  child bigint;
begin
  update faultline.tasks t set state = 'waiting', child_run_id = null, error = null, finished_at = null where t.run_id = a and t.name <> 'g';
  child := starts(a, fails.name, fails.item, fails.definition, fails.element, fails.depth);
  return case when child is null then '' else 'begins, ' end || begun_so_far() || coalesce(': ' || ((tap.task(a, fails.name, fails.item)).error ->> 'message'), '');
end
$$;
select is(fails('c', -1, '{}', null, 9), 'begins, a c running: 12 10 {"n": 5, "o": {"k": 1}}', 'ten deep');
select is(fails('c', -1, '{}', null, 10), 'a c failed:   : workflows in workflows are more than 10 deep', 'one more');
select is(fails('l', 2, '{"workflow": "none"}', '1'), 'a l[2] failed:   : there is no workflow none', 'no such workflow');
select is(fails('l', 2, '{"input": {}}', jsonb_build_object('x', repeat('x', 262136))), 'a l[2] failed:   : the input of child has 262145 bytes, more than 262144', 'an element that is too large');
select matches(fails('l', 2, '{}', jsonb_build_object('x', repeat('x', 262135))), '^begins, a l\[2\] running: 13 1 {"x": "x+"}$', 'the largest one');
update faultline.runs set place = 19999 where run_id = -2;
select is(fails('l', 2, '{}', '{}'), 'begins, a l[2] running: 20000 1 {}', 'the last run of a family');
select is(fails('l', 2, '{}', '{}'), format('a l[2] failed:   : 20000 runs have begun in run %s already', :a), 'one more');
select is((task(:a, 'l', 2)).error ->> 'type', 'WorkflowError', 'an error of its type');

select * from finish();
rollback;
