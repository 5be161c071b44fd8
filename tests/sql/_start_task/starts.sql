\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- Two runs of one workflow in which nothing but g has begun. Each task is decided to run by hand.
select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}}}') \g /dev/null
select begun('{"g": {"type": "t"}, "l": {"type": "t", "needs": "g", "for_each": "g.l"}, "m": {"type": "t", "needs": "g", "for_each": "input.m", "concurrency": 2}, "c": {"workflow": "child", "needs": "g"},
  "none": {"workflow": "none", "needs": "g"}, "t": {"wait": "10m", "needs": "g"}, "s": {"wait_for": "ok", "needs": "g"}, "u": {"wait_for": "ok", "needs": "g", "timeout": "20m"}}', '{"m": [1, 2, 3]}') as a \gset
select faultline.trigger_workflow('w', '{"m": []}') as b \gset

-- Starts a task. Returns whether it is over, which runs have begun, and all that waits no more.
create function tap.starts(run bigint, name text) returns text language plpgsql volatile security definer as $$
declare
  r faultline.runs;
  started record;
begin
  select * into r from faultline.runs x where x.run_id = run;
  select * into started from faultline._start_task(r, starts.name, (select w.definition from faultline.workflow_tasks w where w.workflow = 'w' and w.version = 1 and w.task = starts.name));
  return format('over %s, begun %s: ', started.over, started.turns) || (
    select string_agg(format('%s%s %s', case t.run_id when run then '' else 'other ' end, faultline._task_name(t.name, t.item), t.state) || coalesce(' ' || t.result::text, '')
                      || coalesce(' ' || (t.error ->> 'type') || ': ' || (t.error ->> 'message'), ''), ', ' order by t.run_id, t.name, t.item)
    from faultline.tasks t
    where (t.state <> 'waiting' or t.item >= 0 or t.due_at is not null) and t.name <> 'g' and t.run_id in (select x.run_id from faultline.runs x where x.parent_run_id is null));
end
$$;
create function tap.undone() returns void language plpgsql volatile security definer as $$
begin
  delete from faultline.jobs_live j where j.task <> 'g';
  delete from faultline.tasks t where t.item >= 0;
  update faultline.tasks t set state = 'waiting', result = null, error = null, due_at = null, finished_at = null, child_run_id = null where t.name <> 'g';
end
$$;
create function tap.found(l jsonb) returns void language sql volatile security definer as $$
update faultline.tasks t set state = 'succeeded', finished_at = now(), result = jsonb_build_object('l', l) where t.name = 'g'
$$;

-- A list: an item for each element, in their order.
select found('["x", {"y": 1}]') \g /dev/null
select is(starts(:a, 'l'), 'over f, begun {}: l running, l[0] queued, l[1] queued', 'its items');
select is(string_agg(format('%s %s %s', item, ordinal = (task(:a, 'l')).ordinal, value), ', ' order by item), '0 t "x", 1 t {"y": 1}', 'with their elements') from faultline.tasks where run_id = :a and name = 'l' and item >= 0;
select undone() \g /dev/null
select is(starts(:a, 'm'), 'over f, begun {}: m running, m[0] queued, m[1] queued, m[2] waiting', 'as many as may run at once');
select undone() \g /dev/null
select is(starts(:b, 'm'), 'over t, begun {}: m succeeded []', 'none');

-- After a resume the items are there.
select undone() \g /dev/null
insert into faultline.tasks (run_id, name, item, ordinal, value, state, result, finished_at) select :a, 'l', 0, ordinal, '"x"', 'succeeded', '5', now() from faultline.tasks where run_id = :a and name = 'l';
select is(starts(:a, 'l'), 'over f, begun {}: l running, l[0] succeeded 5, l[1] queued', 'what succeeded is kept, what is missing is made');
select undone() \g /dev/null
insert into faultline.tasks (run_id, name, item, ordinal, value, state, result, finished_at) select :a, 'l', i, ordinal, '"x"', 'succeeded', '5', now() from faultline.tasks, generate_series(0, 1) i where run_id = :a and name = 'l' and item = -1;
select is(starts(:a, 'l'), 'over t, begun {}: l succeeded [5, 5], l[0] succeeded 5, l[1] succeeded 5', 'all have succeeded');

-- What is no list.
create function tap.fails(l jsonb) returns text language plpgsql as $$
begin
  perform undone(), found(l);
  return starts((select min(run_id) from faultline.runs), 'l');
end
$$;
select is(fails('{"y": 1}'), 'over t, begun {}: l failed ForEachError: for_each: g.l is no list but of type object', 'an object');
select is(fails('"x"'), 'over t, begun {}: l failed ForEachError: for_each: g.l is no list but of type string', 'a text');
select found(null), undone() \g /dev/null
update faultline.tasks set result = '{}' where name = 'g';
select is(starts(:a, 'l'), 'over t, begun {}: l failed ForEachError: for_each: there is no g.l', 'nothing');
select is(fails((select jsonb_agg(1) from generate_series(1, 10001))), 'over t, begun {}: l failed ForEachError: for_each: g.l has 10001 elements, more than 10000', 'too many elements');

-- A workflow, a timer.
select undone() \g /dev/null
select starts(:a, 'c') as said \gset
select is(:'said', format('over f, begun {%s}: c running', (task(:a, 'c')).child_run_id), 'a run begins');
select is(parent_item, -1, 'as the task itself') from faultline.runs where run_id = (task(:a, 'c')).child_run_id;
select undone() \g /dev/null
select is(starts(:a, 'none'), 'over t, begun {}: none failed WorkflowError: there is no workflow none', 'none begins');
select undone() \g /dev/null
select is(starts(:a, 't'), 'over f, begun {}: t running', 'a timer');
select ok(due_at between now() + interval '10 min' and clock_timestamp() + interval '10 min' and due_at > now() + interval '10 min', 'that counts from when it starts') from faultline.tasks where run_id = :a and name = 't';

-- A signal: of another name, of another run, and its own.
insert into faultline.run_signals (run_id, name, payload, at) values (:a, 'other', '1', now()), (:b, 'ok', '2', now());
select undone() \g /dev/null
select is(starts(:a, 's'), 'over f, begun {}: s running', 'it waits');
select is(due_at, null, 'for ever') from faultline.tasks where run_id = :a and name = 's';
select undone() \g /dev/null
select is(starts(:a, 'u'), 'over f, begun {}: u running', 'another one waits');
select ok(due_at between now() + interval '20 min' and clock_timestamp() + interval '20 min' and due_at > now() + interval '20 min', 'for so long') from faultline.tasks where run_id = :a and name = 'u';
select undone() \g /dev/null
select is(starts(:b, 'u'), 'over t, begun {}: u succeeded 2', 'the signal is there');

select * from finish();
rollback;
