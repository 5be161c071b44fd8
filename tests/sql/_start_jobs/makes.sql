\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- Two runs of the second of three versions, and another workflow with the same tasks. Nothing but g has begun.
select faultline.put_workflow(jsonb_build_object('name', w, 'tasks', '{"g": {"type": "t"}}'::jsonb || jsonb_build_object('a', task, 'l', task, 'm', task)))
from (values
  ('w', '{"type": "first", "needs": "g", "priority": 1}'::jsonb), ('other', '{"type": "other", "needs": "g"}'), ('other', '{"type": "others", "needs": "g"}'),
  ('w', '{"type": "second", "needs": "g", "payload": {"p": 1}, "timeout": "5s", "queue": "q", "priority": 4, "retry": {"max_attempts": 7, "backoff": {"kind": "fixed", "delay": "2s"}}}')) v (w, task) \g /dev/null
select faultline.trigger_workflow('w', headers => '{"h": 1}') as a \gset
select faultline.trigger_workflow('w') as b \gset
select faultline.put_workflow('{"name": "w", "tasks": {"g": {"type": "t"}, "a": {"type": "third", "needs": "g"}, "l": {"type": "third", "needs": "g"}}}') \g /dev/null
insert into faultline.tasks (run_id, name, item, ordinal) select r, n, i, 2 from unnest(array[:a, :b]::bigint[]) r, unnest('{l,m}'::text[]) n, generate_series(0, 2) i;
select faultline.set_queue('default', '{"max_attempts": 3}'), faultline.set_queue('many', '{"max_attempts": 9}') \g /dev/null

create function tap.makes(run bigint, names text[], items int[]) returns text language plpgsql volatile security definer as $$
declare
  r faultline.runs;
begin
  select * into r from faultline.runs x where x.run_id = run;
  perform faultline._start_jobs(r, names, items);
  return (
    select coalesce(string_agg(format('%s%s %s', case t.run_id when run then '' else 'other ' end, faultline._task_name(t.name, t.item), j.task), ', ' order by t.job_id), 'none')
    from faultline.tasks t
    left join faultline.jobs_live j on j.job_id = t.job_id and j.run_id = t.run_id
    where (t.state = 'queued' or t.job_id is not null) and t.name <> 'g');
end
$$;
select is(makes(:a, '{}', '{}'), 'none', 'none');
select is(makes(:a, '{m,a,m}', '{2,-1,0}'), 'm[2] m[2], a a, m[0] m[0]', 'a task and two items, in the order that is asked for, of this run alone');
select results_eq(format('select distinct type, queue, priority::int, max_attempts, payload, timeout, backoff, headers, state, attempt from faultline.jobs_live where run_id = %s and task <> ''g''', :a),
  $$values ('second', 'q', 4, 7, '{"p": 1}'::jsonb, '5s'::interval, '{"kind": "fixed", "delay": "2s"}'::jsonb, '{"h": 1}'::jsonb, 'queued', 0)$$, 'as its version says');
select ok(bool_and(ready_at = created_at and created_at > now()), 'ready when they are made, not when the transaction began') from faultline.jobs_live where run_id = :a and task <> 'g';

-- What is left out: the queue says it, or the settings.
select faultline.put_workflow('{"name": "plain", "tasks": {"g": {"type": "t"}, "a": {"type": "t", "needs": "g"}, "b": {"type": "t", "needs": "g", "queue": "many"}, "c": {"type": "t", "needs": "g", "queue": "few"}}}') \g /dev/null
select faultline.trigger_workflow('plain') as run \gset
select makes(:run, '{a,b,c}', '{-1,-1,-1}') \g /dev/null
select results_eq(format('select task, queue, priority::int, max_attempts from faultline.jobs_live where run_id = %s and task <> ''g'' order by task', :run),
  $$values ('a', 'default', 2, 3), ('b', 'many', 2, 9), ('c', 'few', 2, 5)$$, 'queue, priority and attempts');

select * from finish();
rollback;
