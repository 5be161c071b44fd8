-- What a task and the defaults of its workflow say of jobs: queue, priority, timeout, and retry (max_attempts, backoff),
-- checked. Keys that are missing stay missing.
create function faultline._spec_job(place text, given jsonb)
returns jsonb
language plpgsql
as $$
declare
  job jsonb;
  problem text;
  hint text;
  key text;
  value jsonb;
begin
  if given ? 'retry' then
    perform faultline._check_keys(place || '.retry', given -> 'retry', '{max_attempts, backoff}');
  end if;
  perform faultline._spec_interval(place || '.timeout', given -> 'timeout', interval '1 millisecond', interval '366 days');
  for key, value in
    select v.* from (values ('priority', given -> 'priority'), ('retry.max_attempts', given -> 'retry' -> 'max_attempts')) v (key, value)
  loop
    problem := case
      when pg_catalog.jsonb_typeof(value) = 'null' then null
      when pg_catalog.jsonb_typeof(value) <> 'number' or value::numeric % 1 <> 0 then '%s is not a whole number'
      when pg_catalog.abs(value::numeric) > 1000 then '%s is out of bounds'
    end;
    if problem is not null then
      perform faultline._task_fault(place || '.' || key, pg_catalog.format(problem, pg_catalog.left(value::text, 100)), 'priority: 1 to 4; max_attempts: 1 to 100');
    end if;
  end loop;
  if pg_catalog.jsonb_typeof(given -> 'queue') not in ('string', 'null') then
    perform faultline._task_fault(place || '.queue', 'it is not a text', 'The name of a queue');
  end if;
  begin
    perform faultline._check_job('t', '{}', given ->> 'queue', null,
                                 (given ->> 'priority')::numeric::int,
                                 (given -> 'retry' ->> 'max_attempts')::numeric::int, null, null,
                                 nullif(given -> 'retry' -> 'backoff', 'null'), null, '{}', null);
  exception when sqlstate 'FL004' then
    get stacked diagnostics problem = message_text, hint = pg_exception_hint;
    perform faultline._task_fault(place, problem, hint);
  end;
  job := pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
    -- Whole numbers, however they were written: 2.0 is 2.
    'queue', given -> 'queue', 'priority', (given ->> 'priority')::numeric::int, 'timeout', given -> 'timeout',
    'max_attempts', (given -> 'retry' ->> 'max_attempts')::numeric::int, 'backoff', given -> 'retry' -> 'backoff'));
  return job;
end
$$;
comment on function faultline._spec_job(text, jsonb) is 'Private: what a task or the defaults of a workflow say of jobs, checked.';
