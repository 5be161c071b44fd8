\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- Two runs of one workflow; l and m are for_each tasks of jobs, c and d of workflows, and none of their items has begun.
select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}}}') \g /dev/null
select begun('{"g": {"type": "t"}, "l": {"type": "t", "needs": "g", "for_each": "g"}, "m": {"type": "t", "needs": "g", "for_each": "g"}, "c": {"workflow": "child", "needs": "g", "for_each": "g"}, "d": {"workflow": "child", "needs": "g", "for_each": "g"}}') as a \gset
select faultline.trigger_workflow('w') as b \gset
insert into faultline.tasks (run_id, name, item, ordinal, value)
select r, n, i, 2, to_jsonb(format('%s %s', n, i)) from unnest(array[:b, :a]::bigint[]) r, unnest('{l,m,c,d}'::text[]) n, generate_series(0, 5) i;

-- Starts items of the first run. Returns what of all tasks waits no more, and how many runs have begun.
create function tap.starts(name text, most int, behind int) returns text language plpgsql volatile security definer as $$
declare
  r faultline.runs;
  turns bigint[];
begin
  select * into r from faultline.runs x where x.parent_run_id is null order by x.run_id limit 1;
  turns := faultline._start_items(r, starts.name, (select w.definition from faultline.workflow_tasks w where w.workflow = 'w' and w.version = 1 and w.task = starts.name), most, behind);
  return (
    select string_agg(format('%s%s %s', case t.run_id when r.run_id then '' else 'other ' end, faultline._task_name(t.name, t.item), t.state), ', ' order by t.run_id, t.name, t.item)
    from faultline.tasks t
    where t.state <> 'waiting' and t.name <> 'g' and t.run_id in (select x.run_id from faultline.runs x where x.parent_run_id is null)) || ': ' || turns::text;
end
$$;
create function tap.children(variadic items int[]) returns text language sql volatile security definer as $$
select array_agg(t.child_run_id order by t.item)::text from faultline.tasks t where t.run_id = (select min(run_id) from faultline.runs where parent_run_id is null) and t.name = 'c' and t.item = any (items)
$$;

-- Jobs.
update faultline.tasks set state = 'succeeded', finished_at = now() where run_id = :a and name = 'l' and item = 1;
select is(starts('l', 2, -1), 'l[0] queued, l[1] succeeded, l[2] queued: {}', 'the first two of those that wait');
select is(starts('l', 1, 3), 'l[0] queued, l[1] succeeded, l[2] queued, l[4] queued: {}', 'the first one behind the fourth');
select is(starts('l', 0, -1), 'l[0] queued, l[1] succeeded, l[2] queued, l[4] queued: {}', 'none, if there is no room');
select is(starts('l', -1, -1), 'l[0] queued, l[1] succeeded, l[2] queued, l[4] queued: {}', 'or less than none');
select is(starts('l', 9, 4), 'l[0] queued, l[1] succeeded, l[2] queued, l[4] queued, l[5] queued: {}', 'the last one');
select is(starts('l', 9, 4), 'l[0] queued, l[1] succeeded, l[2] queued, l[4] queued, l[5] queued: {}', 'none waits there');
select is(string_agg(task, ' ' order by job_id), 'l[0] l[2] l[4] l[5]', 'a job for each') from faultline.jobs where run_id = :a and task <> 'g';
update faultline.tasks set state = 'succeeded', finished_at = now() where run_id = :a and name = 'l';

-- Workflows. One that can't begin leaves its room to the next.
update faultline.tasks set value = to_jsonb(repeat('x', 262144)) where run_id = :a and name = 'c' and item = 0;
update faultline.tasks set state = 'waiting', finished_at = null where run_id = :a and name = 'l' and item = -1;
update faultline.tasks set state = 'waiting', finished_at = null, job_id = null where run_id = :a and name = 'l';
select is(starts('c', 3, -1), 'c[0] failed, c[1] running, c[2] running, c[3] running: ' || children(1, 2, 3), 'three begin beside the one that fails');
select is(string_agg(r.input ->> 'item', ', ' order by r.run_id), 'c 1, c 2, c 3', 'each with its element') from faultline.runs r where r.parent_run_id = :a;
select is(starts('c', 2, 4), 'c[0] failed, c[1] running, c[2] running, c[3] running, c[5] running: ' || children(5), 'one behind the fifth, and no other waits there');
select is(starts('c', 1, -1), 'c[0] failed, c[1] running, c[2] running, c[3] running, c[4] running, c[5] running: ' || children(4), 'the last one');
update faultline.tasks set value = to_jsonb(repeat('x', 262144)) where run_id = :a and name = 'd';
update faultline.tasks set state = 'waiting', child_run_id = null, error = null, finished_at = null where run_id = :a and name = 'c';
select is(starts('d', 1, -1), 'd[0] failed, d[1] failed, d[2] failed, d[3] failed, d[4] failed, d[5] failed: {}', 'none can begin');

select * from finish();
rollback;
