-- Puts a workflow: {"name", "description", "defaults": {"retry", "timeout", "queue", "priority"}, "tasks": {name: {…}}},
-- as docs/workflows.md says. Returns its version: the last one if that has the very same spec, else a new one. Runs that
-- have begun keep their version. For faultline_operator. Locks the name.
-- Errors: FL004 with the place: unknown keys, needs that are no task, cycles (named), and all else that can't run. Nothing
-- is stored then. At most 10 000 tasks and 4 MiB as text.
create function faultline.put_workflow(spec jsonb)
returns int
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_variable
declare
  workflow_ text;
  hash bigint;
  last faultline.workflows;
  new_version int;
  defaults jsonb;
  task record;
  unknown record;
  total int;
  waits int[];
  placed int[] := '{}'::int[];
  edges int[];
  edge_of int[];
  head int := 1;
  reached int;
  cycle text[];
  step text;
begin
  if pg_catalog.octet_length(spec::text) > 4194304 then
    perform faultline._invalid(pg_catalog.format('the workflow has %s bytes as text', pg_catalog.octet_length(spec::text)), 'At most 4194304 (4 MiB)');
  end if;
  perform faultline._check_keys('the workflow', spec, '{name, description, defaults, tasks}');
  if pg_catalog.jsonb_typeof(spec -> 'name') is distinct from 'string' then
    perform faultline._task_fault('name', 'it is missing, or not a text', 'name: nightly-report');
  end if;
  workflow_ := spec ->> 'name';
  perform faultline._check_name('name', workflow_);
  if pg_catalog.jsonb_typeof(spec -> 'description') not in ('string', 'null') then
    perform faultline._task_fault('description', 'it is not a text', 'What the workflow is for');
  end if;
  if spec ? 'defaults' then
    perform faultline._check_keys('defaults', spec -> 'defaults', '{retry, timeout, queue, priority}');
  end if;
  defaults := faultline._spec_job('defaults', coalesce(spec -> 'defaults', '{}'));
  if pg_catalog.jsonb_typeof(spec -> 'tasks') is distinct from 'object' or spec -> 'tasks' = '{}' then
    perform faultline._task_fault('tasks', 'there are none', 'tasks: {extract: {type: extract}}');
  end if;
  total := (select count(*) from pg_catalog.jsonb_object_keys(spec -> 'tasks'));
  if total > 10000 then
    perform faultline._task_fault('tasks', pg_catalog.format('there are %s', total), 'At most 10000; for_each runs one task for many elements');
  end if;

  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('faultline workflow ' || workflow_, 0));
  hash := pg_catalog.jsonb_hash_extended(spec, 0);
  select * into last from faultline.workflows w where w.workflow = workflow_ order by w.version desc limit 1;
  if last.spec_hash = hash and last.spec = spec then
    return last.version;
  end if;
  new_version := coalesce(last.version, 0) + 1;
  insert into faultline.workflows (workflow, version, spec, spec_hash, created_at)
  values (workflow_, new_version, spec, hash, pg_catalog.clock_timestamp());
  for task in select e.key, e.value, e.ordinality from pg_catalog.jsonb_each(spec -> 'tasks') with ordinality e order by e.ordinality loop
    insert into faultline.workflow_tasks (workflow, version, task, ordinal, definition)
    values (workflow_, new_version, task.key, task.ordinality, faultline._spec_task(task.key, task.value, defaults));
  end loop;
  select w.task, n.name into unknown
  from faultline.workflow_tasks w
  cross join lateral pg_catalog.jsonb_array_elements_text(w.definition -> 'needs') as n (name)
  where w.workflow = workflow_ and w.version = new_version and not (spec -> 'tasks') ? n.name
  order by w.ordinal
  limit 1;
  if found then
    perform faultline._task_fault('tasks.' || unknown.task || '.needs', pg_catalog.format('there is no task %s', pg_catalog.quote_literal(pg_catalog.left(unknown.name, 140))), 'Name a task of this workflow');
  end if;
  insert into faultline.task_dependencies (workflow, version, task, needs, ordinal)
  select workflow_, new_version, w.task, n.name, 0
  from faultline.workflow_tasks w
  cross join lateral pg_catalog.jsonb_array_elements_text(w.definition -> 'needs') as n (name)
  where w.workflow = workflow_ and w.version = new_version;

  -- Each task after what it needs: take those that wait for nothing, and those that wait for them alone, and so on. The
  -- edges are sorted by what they come from; edge_of[n] is the first of task n.
  waits := array(
    select pg_catalog.jsonb_array_length(w.definition -> 'needs')
    from faultline.workflow_tasks w
    where w.workflow = workflow_ and w.version = new_version
    order by w.ordinal);
  edges := array(
    select t.ordinal
    from faultline.task_dependencies d
    join faultline.workflow_tasks n on n.workflow = workflow_ and n.version = new_version and n.task = d.needs
    join faultline.workflow_tasks t on t.workflow = workflow_ and t.version = new_version and t.task = d.task
    where d.workflow = workflow_ and d.version = new_version
    order by n.ordinal, t.ordinal);
  edge_of := array(
    select (1 + sum(n.edges) over (order by n.ordinal) - n.edges)::int
    from (
      select w.ordinal, (
          select count(*)
          from faultline.task_dependencies d
          where d.workflow = workflow_ and d.version = new_version and d.needs = w.task) as edges
      from faultline.workflow_tasks w
      where w.workflow = workflow_ and w.version = new_version
    ) n
    order by n.ordinal) || (pg_catalog.cardinality(edges) + 1);
  for place in 1..total loop
    if waits[place] = 0 then
      placed := placed || place;
    end if;
  end loop;
  while head <= pg_catalog.cardinality(placed) loop
    for edge in edge_of[placed[head]]..edge_of[placed[head] + 1] - 1 loop
      reached := edges[edge];
      waits[reached] := waits[reached] - 1;
      if waits[reached] = 0 then
        placed := placed || reached;
      end if;
    end loop;
    head := head + 1;
  end loop;
  if pg_catalog.cardinality(placed) < total then
    cycle := faultline._find_cycle(workflow_, new_version, placed);
    step := pg_catalog.array_to_string(cycle, ' → ');
    perform faultline._task_fault('tasks', 'there is a cycle: ' || pg_catalog.left(step, 1000), 'A task can not need what needs it');
  end if;
  update faultline.workflow_tasks w
  set ordinal = p.new_ordinal
  from unnest(placed) with ordinality as p (old_ordinal, new_ordinal)
  where w.workflow = workflow_ and w.version = new_version and w.ordinal = p.old_ordinal;
  update faultline.task_dependencies d
  set ordinal = w.ordinal
  from faultline.workflow_tasks w
  where d.workflow = workflow_ and d.version = new_version and w.workflow = d.workflow and w.version = d.version and w.task = d.needs;
  return new_version;
end
$$;
comment on function faultline.put_workflow(jsonb) is 'Puts a workflow and returns its version: the last one if nothing has changed.';
grant execute on function faultline.put_workflow(jsonb) to faultline_operator;
