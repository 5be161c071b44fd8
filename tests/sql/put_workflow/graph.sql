\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- Two names for each task: a task that is written first may come last. The order is that of the levels: what waits for
-- nothing, then what waits for that alone, and so on; within a level, that in which the last need was placed.
create function tap.graph(version int) returns text language sql volatile security definer as $$
select string_agg(format('%s %s<-{%s} ->%s', w.ordinal, w.task, (
    select string_agg(d.needs || d.ordinal, ' ' order by d.ordinal) from faultline.task_dependencies d where d.workflow = 'w' and d.version = graph.version and d.task = w.task), w.needed_by), ', ' order by w.ordinal)
from faultline.workflow_tasks w
where w.workflow = 'w' and w.version = graph.version
$$;
create function tap.put(tasks jsonb) returns text language plpgsql as $$
begin
  return graph(operate(format('select faultline.put_workflow(%L)', jsonb_build_object('name', 'w', 'tasks', (
    select jsonb_object_agg(t.key, jsonb_build_object('type', 't', 'needs', t.value)) from jsonb_each(tasks) t))))::int);
end
$$;
select is(put('{"a": []}'), '1 a<-{} ->{}', 'one task');
select is(put('{"a": ["b"], "b": []}'), '1 b<-{} ->{a}, 2 a<-{b1} ->{}', 'the last one first');
select is(put('{"a": ["b"], "b": ["c"], "c": ["d"], "d": []}'), '1 d<-{} ->{c}, 2 c<-{d1} ->{b}, 3 b<-{c2} ->{a}, 4 a<-{b3} ->{}', 'a chain, from its end');
select is(put('{"a": [], "b": ["a"], "c": ["a"], "d": ["c", "b"], "e": [], "f": ["d", "e", "a"]}'),
  '1 a<-{} ->{b,c,f}, 2 e<-{} ->{f}, 3 b<-{a1} ->{d}, 4 c<-{a1} ->{d}, 5 d<-{b3 c4} ->{f}, 6 f<-{a1 e2 d5} ->{}', 'a task waits for the last of all that it needs');
select is(put('{"a": ["c"], "b": ["c"], "c": [], "d": ["a", "b"], "e": ["c", "d"]}'), '1 c<-{} ->{a,b,e}, 2 a<-{c1} ->{d}, 3 b<-{c1} ->{d}, 4 d<-{a2 b3} ->{e}, 5 e<-{c1 d4} ->{}', 'several ways to one');
select is(put((select jsonb_object_agg('t' || n, jsonb_build_array('h' || n % 3)) || '{"h0": [], "h1": [], "h2": []}' from generate_series(10, 69) n)),
  (select string_agg(format('%s h%s<-{} ->{%s}', h + 1, h, (select string_agg('t' || n, ',' order by n) from generate_series(10, 69) n where n % 3 = h)), ', ' order by h) from generate_series(0, 2) h) || ', '
  || (select string_agg(format('%s t%s<-{h%s%s} ->{}', 3 + row, n, n % 3, n % 3 + 1), ', ' order by row) from (select n, row_number() over (order by n % 3, n) as row from generate_series(10, 69) n) t),
  'many of one level: those of the first need first, in their own order');

-- A version is what it was put as.
select results_eq('select version, spec ->> ''name'', spec_hash = jsonb_hash_extended(spec, 0), created_at > now() from faultline.workflows where workflow = ''w'' order by version',
  'select n, ''w'', true, true from generate_series(1, 6) n', 'with its spec, the hash of that, and the time at which it was put');
insert into faultline.workflows (workflow, version, spec, spec_hash, created_at) select 'w', 7, '{"name": "w", "tasks": {"other": {"type": "t"}}}', spec_hash, now() from faultline.workflows where workflow = 'w' and version = 1;
select is(put('{"a": []}'), '1 a<-{} ->{}', 'a hash that is the same by chance');
select is(max(version), 8, 'is no equal spec') from faultline.workflows where workflow = 'w';
select is(operate($$select faultline.put_workflow('{"name": "first", "description": null, "defaults": {"priority": 1}, "tasks": {"a": {"type": "t"}}}')$$), '1', 'the first version of another one');
select is(definition ->> 'priority', '1', 'with the defaults') from faultline.workflow_tasks where workflow = 'first';
select is(operate($$select faultline.put_workflow('{"name": "first", "tasks": {"a": {"type": "t"}}}')$$), '2', 'without them it is another version');
select changes_nothing('faultline_operator', $$select faultline.put_workflow('{"name": "first", "tasks": {"a": {"type": "t"}}}')$$, '2', 'of which the last one counts');

-- Errors.
create function tap.refused_tasks(tasks jsonb, message text, hint text) returns text language sql
as $$ select refused('faultline_operator', format('select faultline.put_workflow(%L)', jsonb_build_object('name', 'w', 'tasks', tasks)), 'FL004', message, hint) $$;
select refused_tasks('{"a": {"type": "t"}, "b": {"type": "t", "needs": ["a", "y"]}, "c": {"type": "t", "needs": "x"}}', 'tasks.b.needs: there is no task ''y''', 'Name a task of this workflow');
select refused_tasks(jsonb_build_object('a', jsonb_build_object('type', 't', 'needs', repeat('x', 200))), 'tasks.a.needs: there is no task ''' || repeat('x', 140) || '''', 'Name a task of this workflow');
select refused_tasks((select jsonb_object_agg(n || repeat('x', 127), jsonb_build_object('type', 't', 'needs', (n + 1) % 9 || repeat('x', 127))) from generate_series(0, 8) n),
  'tasks: there is a cycle: ' || (select left(string_agg(n % 9 || repeat('x', 127), ' → ' order by n), 1000) from generate_series(0, 9) n), 'A task can not need what needs it');
select refused('faultline_operator', format('select faultline.put_workflow(%L)', format('{"name": "%s", "tasks": {"a": {"type": "t"}}}', name)), 'FL004', format('name ''%s'' is not a name', name), 'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -')
from unnest(array['a b', repeat('x', 129)]) name;

-- The largest one has 4 MiB as text.
create function tap.sized(bytes int) returns text language sql as $$
select format('select faultline.put_workflow(jsonb_set(%L, ''{description}'', to_jsonb(repeat(''x'', %s))))', spec, bytes - octet_length(spec::text))
from (values ('{"name": "large", "description": "", "tasks": {"a": {"type": "t"}}}'::jsonb)) v (spec)
$$;
select is(operate(sized(4194304)), '1', 'the largest');
select refused('faultline_operator', sized(4194305), 'FL004', 'the workflow has 4194305 bytes as text', 'At most 4194304 (4 MiB)');

select * from finish();
rollback;
