-- Puts a workflow: {"name", "description", "defaults": {"retry", "timeout", "queue", "priority"}, "tasks": {name: {…}}},
-- as docs/workflows.md says. Returns its version: the last one if that has the very same spec, else a new one. Runs that
-- have begun keep their version. For faultline_operator. Locks the name.
-- Errors: FL004 with the place: unknown keys, needs that are no task, cycles (named), and all else that can't run. Nothing
-- is stored then. At most 20 000 tasks and 4 MiB as text.
create function faultline.put_workflow(spec jsonb)
returns int
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
set jit = off
as $$
#variable_conflict use_variable
declare
  workflow_ text;
  hash bigint;
  last faultline.workflows;
  new_version int;
  defaults jsonb;
  names text[];
  definitions jsonb[];
  unknown record;
  total int;
  waits int[];
  placed int[] := '{}'::int[];
  edges int[];
  edge_of int[];
  head int := 1;
  reached int;
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
  defaults := faultline._spec_job('defaults', spec -> 'defaults');
  if pg_catalog.jsonb_typeof(spec -> 'tasks') is distinct from 'object' or spec -> 'tasks' = '{}' then
    perform faultline._task_fault('tasks', 'there are none', 'tasks: {extract: {type: extract}}');
  end if;
  total := (select count(*) from pg_catalog.jsonb_object_keys(spec -> 'tasks'));
  if total > 20000 then
    perform faultline._task_fault('tasks', pg_catalog.format('there are %s', total), 'At most 20000; for_each runs one task for many elements');
  end if;

  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('faultline workflow ' || workflow_, 0));
  hash := pg_catalog.jsonb_hash_extended(spec, 0);
  select * into last from faultline.workflows w where w.workflow = workflow_ order by w.version desc limit 1;
  if last.spec_hash = hash and last.spec = spec then
    return last.version;
  end if;
  new_version := coalesce(last.version, 0) + 1;
  select pg_catalog.array_agg(e.key order by e.ordinality), pg_catalog.array_agg(faultline._spec_task(e.key, e.value, defaults) order by e.ordinality)
  into names, definitions
  from pg_catalog.jsonb_each(spec -> 'tasks') with ordinality e;
  select names[d.place] as task, n.name into unknown
  from unnest(definitions) with ordinality as d (definition, place)
  cross join lateral pg_catalog.jsonb_array_elements_text(d.definition -> 'needs') as n (name)
  where not (spec -> 'tasks') ? n.name
  order by d.place
  limit 1;
  if found then
    perform faultline._task_fault('tasks.' || unknown.task || '.needs', pg_catalog.format('there is no task %s', pg_catalog.quote_literal(pg_catalog.left(unknown.name, 140))), 'Name a task of this workflow');
  end if;

  -- Each task after what it needs: take those that wait for nothing, and those that wait for them alone, and so on. The
  -- edges are sorted by what they come from; edge_of[n] is the first of task n.
  waits := array(
    select pg_catalog.jsonb_array_length(d.definition -> 'needs') from unnest(definitions) with ordinality as d (definition, place) order by d.place);
  with edge as (
    select n.place as needed, d.place as needing
    from unnest(definitions) with ordinality as d (definition, place)
    cross join lateral pg_catalog.jsonb_array_elements_text(d.definition -> 'needs') as e (name)
    join unnest(names) with ordinality as n (name, place) on n.name = e.name
  )
  select array(select e.needing::int from edge e order by e.needed, e.needing),
    array(
      select 1 + coalesce(sum(n.edges) over (order by n.place rows between unbounded preceding and 1 preceding), 0)::int
      from (
        select p.place, c.edges
        from pg_catalog.generate_series(1, total + 1) as p (place)
        left join (select e.needed, count(*) as edges from edge e group by e.needed) c on c.needed = p.place
      ) n
      order by n.place)
  into edges, edge_of;
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
    perform faultline._task_fault(
      'tasks', 'there is a cycle: ' || pg_catalog.left(pg_catalog.array_to_string(faultline._find_cycle(names, definitions, waits), ' → '), 1000),
      'A task can not need what needs it');
  end if;

  insert into faultline.workflows (workflow, version, spec, spec_hash, created_at)
  values (workflow_, new_version, spec, hash, pg_catalog.clock_timestamp());
  with sorted as (
    select p.place, p.ordinal from unnest(placed) with ordinality as p (place, ordinal)
  ), edge as (
    select d.place as needing, n.place as needed
    from unnest(definitions) with ordinality as d (definition, place)
    cross join lateral pg_catalog.jsonb_array_elements_text(d.definition -> 'needs') as e (name)
    join unnest(names) with ordinality as n (name, place) on n.name = e.name
  ), task as (
    insert into faultline.workflow_tasks (workflow, version, task, ordinal, definition, needed_by)
    select workflow_, new_version, names[p.place], p.ordinal, definitions[p.place], coalesce(f.needed_by, '{}')
    from sorted p
    left join (select e.needed, pg_catalog.array_agg(names[e.needing] order by e.needing) as needed_by from edge e group by e.needed) f on f.needed = p.place
    order by p.ordinal
  )
  insert into faultline.task_dependencies (workflow, version, task, ordinal, needs)
  select workflow_, new_version, names[e.needing], n.ordinal, names[e.needed]
  from edge e
  join sorted n on n.place = e.needed
  order by e.needing, n.ordinal;
  return new_version;
end
$$;
comment on function faultline.put_workflow(jsonb) is 'Puts a workflow and returns its version: the last one if nothing has changed.';
grant execute on function faultline.put_workflow(jsonb) to faultline_operator;
