-- The definition of one task of a spec, checked, with the defaults in it; raises FL004 with the place.
create function faultline._spec_task(name text, given jsonb, defaults jsonb)
returns jsonb
language plpgsql
as $$
#variable_conflict use_variable
declare
  place constant text := 'tasks.' || name;
  kinds text[];
  needs jsonb;
  need jsonb;
  definition jsonb;
  reference text;
begin
  if name !~ '^[A-Za-z0-9_.:-]+$' or pg_catalog.length(name) > 128 then
    perform faultline._task_fault('tasks', pg_catalog.format('%s is not a name', pg_catalog.quote_literal(pg_catalog.left(name, 140))),
                                  'A task''s name has 1 to 128 characters of A-Z a-z 0-9 _ . : -');
  end if;
  if name = 'input' or pg_catalog.starts_with(name, 'input.') then
    perform faultline._task_fault(place, pg_catalog.format('no task can be called %s', name), 'input is the input of the run');
  end if;
  perform faultline._check_keys(place, given, '{type, payload, needs, depends_on, when, if, for_each, concurrency, wait, wait_for, workflow, input, queue, priority, timeout, retry, description}');

  if pg_catalog.jsonb_typeof(given -> 'description') not in ('string', 'null') then
    perform faultline._task_fault(place || '.description', 'it is not a text', 'What the task is for');
  end if;

  kinds := array(select k from unnest(array['type', 'wait', 'wait_for', 'workflow']) k where given ? k);
  if pg_catalog.cardinality(kinds) <> 1 then
    perform faultline._task_fault(
      place, case pg_catalog.cardinality(kinds) when 0 then 'it does not say what it is' else 'it is ' || pg_catalog.array_to_string(kinds, ' and ') end,
      'Exactly one of type (a job), workflow (another workflow), wait (a timer), wait_for (a signal)');
  end if;
  if given ? 'needs' and given ? 'depends_on' then
    perform faultline._task_fault(place, 'it has both needs and depends_on', 'They are two names of one thing: keep one');
  end if;

  needs := coalesce(given -> 'needs', given -> 'depends_on', '[]');
  if pg_catalog.jsonb_typeof(needs) = 'string' then
    needs := pg_catalog.jsonb_build_array(needs);
  end if;
  if pg_catalog.jsonb_typeof(needs) <> 'array' then
    perform faultline._task_fault(place || '.needs', 'it is neither a task nor a list of tasks', 'needs: extract, or needs: [extract, clean]');
  end if;
  for need in select * from pg_catalog.jsonb_array_elements(needs) loop
    if pg_catalog.jsonb_typeof(need) <> 'string' then
      perform faultline._task_fault(place || '.needs', pg_catalog.format('%s is not the name of a task', pg_catalog.left(need::text, 100)), 'needs: [extract, clean]');
    elsif need #>> '{}' = name then
      perform faultline._task_fault(place || '.needs', 'it needs itself', 'A task needs others');
    end if;
  end loop;
  if (select count(distinct n) <> count(*) from pg_catalog.jsonb_array_elements(needs) n) then
    perform faultline._task_fault(place || '.needs', 'it names a task twice', 'Once is enough');
  end if;

  if given ? 'when' and not coalesce(given ->> 'when' in ('success', 'failure', 'always'), false) then
    perform faultline._task_fault(place || '.when', pg_catalog.format('%s is not one of success, failure, always', pg_catalog.left((given -> 'when')::text, 100)), 'when: success is the default');
  end if;
  if given ->> 'when' = 'failure' and pg_catalog.jsonb_array_length(needs) = 0 then
    perform faultline._task_fault(place || '.when', 'it waits for a failure of what it needs, and needs nothing', 'Name in needs what may fail');
  end if;
  if given ? 'if' then
    begin
      -- A condition has no variables: $x is one, $.x is none, and what stands in quotes is text.
      if pg_catalog.jsonb_typeof(given -> 'if') <> 'string'
         or pg_catalog.regexp_replace(given ->> 'if', '"([^"\\]|\\.)*"', '""', 'g') ~ '\$[A-Za-z0-9_"]' then
        raise invalid_text_representation;
      end if;
      perform (given ->> 'if')::jsonpath;
    exception when others then
      perform faultline._task_fault(place || '.if', pg_catalog.format('%s is not a condition', pg_catalog.left((given -> 'if')::text, 200)),
                                    'An SQL/JSON path that is true or false of the results of what it needs, as $.stats.rows > 0');
    end;
    -- What it looks at first, quoted or not, and no method; the last alternative is a text, in which nothing is looked at.
    select m.name into reference
    from (
      select coalesce(x.found[1], x.found[2]) as name, x.place
      from pg_catalog.regexp_matches(
        given ->> 'if', '\$\s*\.\s*(?:"([^"\\]*)"|([A-Za-z_][A-Za-z0-9_]*)(?![A-Za-z0-9_]|\s*\())|"(?:[^"\\]|\\.)*"', 'g')
        with ordinality as x (found, place)
    ) m
    where m.name <> '' and m.name <> 'input' and not needs ? m.name
    order by m.place
    limit 1;
    if found then
      perform faultline._task_fault(
        place || '.if', pg_catalog.format('it looks at %s, which it does not need', pg_catalog.left(reference, 140)), 'Name it in needs, or write $.input for the run''s input');
    end if;
  end if;
  foreach reference in array array['for_each', 'input'] loop
    continue when not given ? reference;
    if reference = 'input' and not given ? 'workflow' then
      perform faultline._task_fault(place || '.input', 'only a workflow as a task has an input', 'A job has a payload');
    end if;
    continue when reference = 'input' and pg_catalog.jsonb_typeof(given -> 'input') = 'object';
    if pg_catalog.jsonb_typeof(given -> reference) <> 'string' or faultline._reference_base(given ->> reference, needs) is null then
      perform faultline._task_fault(
        place || '.' || reference, pg_catalog.format('%s is neither input nor a task that it needs, nor a place in one of them', pg_catalog.left((given -> reference)::text, 200)),
        reference || ': extract, or extract.rows, or input.files');
    end if;
  end loop;
  if given ? 'for_each' and not (given ? 'type' or given ? 'workflow') then
    perform faultline._task_fault(place || '.for_each', 'only a job or a workflow can run for each element', 'Put the wait before it');
  end if;
  if given ? 'concurrency' then
    if not given ? 'for_each' then
      perform faultline._task_fault(place || '.concurrency', 'there is no for_each', 'It bounds how many elements run at once');
    elsif pg_catalog.jsonb_typeof(given -> 'concurrency') <> 'number' or (given ->> 'concurrency')::numeric not between 1 and 10000
          or (given ->> 'concurrency')::numeric % 1 <> 0 then
      perform faultline._task_fault(place || '.concurrency', pg_catalog.format('%s is out of bounds', pg_catalog.left((given -> 'concurrency')::text, 100)), 'A whole number from 1 to 10000');
    end if;
  end if;

  if given ? 'type' then
    if pg_catalog.jsonb_typeof(given -> 'type') <> 'string' or given ->> 'type' !~ '^[A-Za-z0-9_.:-]{1,128}$' then
      perform faultline._task_fault(place || '.type', pg_catalog.format('%s is not a name', pg_catalog.left((given -> 'type')::text, 140)), 'The type of job that a handler runs');
    end if;
    if pg_catalog.jsonb_typeof(given -> 'payload') <> 'object' then
      perform faultline._task_fault(place || '.payload', pg_catalog.format('it is not an object but of type %s', pg_catalog.jsonb_typeof(given -> 'payload')), 'payload: {table: orders}');
    end if;
    if pg_catalog.octet_length((given -> 'payload')::text) > 262144 then
      perform faultline._task_fault(place || '.payload', pg_catalog.format('it has %s bytes as text', pg_catalog.octet_length((given -> 'payload')::text)), 'At most 262144 (256 KiB)');
    end if;
    definition := pg_catalog.jsonb_build_object('kind', 'job', 'type', given -> 'type', 'payload', coalesce(given -> 'payload', '{}'))
      || defaults || faultline._spec_job(place, given);
  else
    if given ? 'payload' or given ? 'queue' or given ? 'priority' or given ? 'retry' then
      perform faultline._task_fault(place, pg_catalog.format('%s is no job: it has no payload, queue, priority or retry', kinds[1]), 'Leave them out');
    end if;
    if given ? 'timeout' and not given ? 'wait_for' then
      perform faultline._task_fault(place || '.timeout', pg_catalog.format('%s has no timeout', kinds[1]), 'A job and a wait_for may have one');
    end if;
    if given ? 'wait' then
      definition := pg_catalog.jsonb_build_object('kind', 'wait', 'wait', faultline._spec_interval(place || '.wait', given -> 'wait', interval '1 millisecond', interval '3660 days'));
      if definition ->> 'wait' is null then
        perform faultline._task_fault(place || '.wait', 'it is null', 'wait: 10m');
      end if;
    elsif given ? 'wait_for' then
      if pg_catalog.jsonb_typeof(given -> 'wait_for') <> 'string' or given ->> 'wait_for' !~ '^[A-Za-z0-9_.:-]{1,128}$' then
        perform faultline._task_fault(place || '.wait_for', pg_catalog.format('%s is not the name of a signal', pg_catalog.left((given -> 'wait_for')::text, 140)), 'wait_for: approval');
      end if;
      definition := pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
        'kind', 'signal', 'signal', given -> 'wait_for',
        'timeout', faultline._spec_interval(place || '.timeout', given -> 'timeout', interval '1 millisecond', interval '3660 days')));
    else
      if pg_catalog.jsonb_typeof(given -> 'workflow') <> 'string' or given ->> 'workflow' !~ '^[A-Za-z0-9_.:-]{1,128}$' then
        perform faultline._task_fault(place || '.workflow', pg_catalog.format('%s is not the name of a workflow', pg_catalog.left((given -> 'workflow')::text, 140)), 'workflow: nightly-report');
      end if;
      definition := pg_catalog.jsonb_build_object('kind', 'workflow', 'workflow', given -> 'workflow');
    end if;
  end if;
  return definition || pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
    'needs', needs, 'when', coalesce(given -> 'when', '"success"'), 'if', given -> 'if', 'for_each', given -> 'for_each',
    'concurrency', (given ->> 'concurrency')::numeric::int, 'input', given -> 'input'));
end
$$;
comment on function faultline._spec_task(text, jsonb, jsonb) is 'Private: the definition of one task of a workflow, checked.';
