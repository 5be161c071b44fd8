-- Checks the definition of a schedule, and returns it with all defaults: numbers and durations (in seconds) as numbers,
-- times in UTC. A key with null counts as missing. Raises FL004 for the first key at fault.
create function faultline._check_schedule(definition jsonb)
returns jsonb
language plpgsql
as $$
#variable_conflict use_variable
declare
  known constant text[] := '{name,description,source,cron,every,timezone,type,payload,queue,priority,max_attempts,backoff,timeout,tags,headers,workflow,input,missed,missed_window,missed_limit,overlap,jitter,starts_at,ends_at}'::text[];
  of_jobs constant text[] := '{type,payload,queue,priority,max_attempts,backoff,tags,headers}'::text[];
  of_workflows constant text[] := '{payload,queue,priority,max_attempts,backoff,timeout,tags,headers,jitter}'::text[];
  given jsonb;
  stored jsonb;
  key text;
  span interval;
  rule text;
begin
  if definition is null or pg_catalog.jsonb_typeof(definition) <> 'object' then
    perform faultline._invalid(
      pg_catalog.format('the schedule is not an object but %s', coalesce('of type ' || pg_catalog.jsonb_typeof(definition), 'NULL')),
      'For example {"name": "nightly", "cron": "0 3 * * *", "timezone": "Europe/Berlin", "type": "report"}');
  end if;
  select k.key into key from pg_catalog.jsonb_object_keys(definition) as k (key) where k.key <> all (known) order by k.key limit 1;
  if key is not null then
    perform faultline._schedule_fault('the schedule', pg_catalog.format('it has the unknown key %s', pg_catalog.quote_literal(pg_catalog.left(key, 100))),
                                      'Its keys: ' || pg_catalog.array_to_string(known, ', '));
  end if;
  given := coalesce((select pg_catalog.jsonb_object_agg(e.key, e.value) from pg_catalog.jsonb_each(definition) e where e.value <> 'null'), '{}');
  foreach key in array '{name,description,source,cron,timezone,workflow,missed,overlap}'::text[] loop
    if pg_catalog.jsonb_typeof(given -> key) <> 'string' then
      perform faultline._schedule_fault(key, pg_catalog.format('%s is not a text', pg_catalog.left((given -> key)::text, 100)), 'Put it in quotes');
    end if;
  end loop;
  if given ->> 'name' is null or pg_catalog.length(given ->> 'name') > 128 or given ->> 'name' !~ '^[A-Za-z0-9_.:-]+$' then
    perform faultline._schedule_fault(
      'name', case when given ? 'name' then pg_catalog.format('%s is not a name', pg_catalog.quote_literal(pg_catalog.left(given ->> 'name', 140))) else 'it is missing' end,
      'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -');
  end if;
  if pg_catalog.length(given ->> 'source') > 128 or given ->> 'source' !~ '^[A-Za-z0-9_.:-]+$' then
    perform faultline._schedule_fault('source', pg_catalog.format('%s is not a name', pg_catalog.quote_literal(pg_catalog.left(given ->> 'source', 140))),
                                      'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -');
  end if;
  if pg_catalog.length(given ->> 'description') > 1000 then
    perform faultline._schedule_fault('description', pg_catalog.format('it has %s characters', pg_catalog.length(given ->> 'description')), 'At most 1000');
  end if;

  -- When.
  if not given ?| '{cron,every}' then
    perform faultline._schedule_fault('cron', 'it is missing, and so is every', 'For example cron: 0 3 * * * with a timezone, or every: 30s');
  elsif given ?& '{cron,every}' then
    perform faultline._schedule_fault('every', 'cron is given too', 'A schedule has one of them');
  elsif given ? 'every' then
    if given ? 'timezone' then
      perform faultline._schedule_fault('timezone', 'every has none', 'It is counted from 1970-01-01 00:00 UTC: leave timezone out, or write a cron expression');
    end if;
    span := faultline._schedule_interval('every', given -> 'every', interval '1 second', interval '366 days');
    if extract(year from span) <> 0 or extract(month from span) <> 0 or extract(epoch from span) % 1 <> 0 then
      perform faultline._schedule_fault('every', pg_catalog.format('%s is not a number of whole seconds', pg_catalog.left((given -> 'every')::text, 100)),
                                        case when extract(epoch from span) % 1 <> 0 then 'Write 1s or more, without a fraction' else 'Months and years have different lengths: write a cron expression' end);
    end if;
    given := given || pg_catalog.jsonb_build_object('every', extract(epoch from span)::int);
  else
    if not given ? 'timezone' then
      perform faultline._schedule_fault('timezone', 'it is missing, and cron needs one', 'For example Europe/Berlin, or UTC');
    end if;
    perform faultline._check_zone(given ->> 'timezone');
    perform faultline._parse_cron(given ->> 'cron');
  end if;
  foreach key in array '{starts_at,ends_at}'::text[] loop
    if given ? key then
      given := given || pg_catalog.jsonb_build_object(key, faultline._utc(faultline._schedule_time(key, given -> key)));
    end if;
  end loop;
  if (given ->> 'ends_at')::timestamptz <= (given ->> 'starts_at')::timestamptz then
    perform faultline._schedule_fault('ends_at', pg_catalog.format('%s is not later than starts_at, %s', given ->> 'ends_at', given ->> 'starts_at'), 'A schedule ends after it starts');
  end if;

  -- What.
  if not given ?| '{type,workflow}' then
    perform faultline._schedule_fault('type', 'it is missing, and so is workflow', 'For example type: report, or workflow: nightly-report');
  elsif given ?& '{type,workflow}' then
    perform faultline._schedule_fault('workflow', 'type is given too', 'A schedule makes jobs of a type, or runs of a workflow');
  elsif given ? 'type' then
    if given ? 'input' then
      perform faultline._schedule_fault('input', 'a job has none', 'Write payload');
    end if;
    stored := '{"payload": {}, "queue": "default", "priority": 2}';
    foreach key in array of_jobs loop
      if given ? key then
        perform faultline._schedule_job(key, given -> key);
      end if;
    end loop;
    if given ? 'timeout' then
      span := faultline._schedule_interval('timeout', given -> 'timeout', interval '1 millisecond', interval '366 days');
      given := given || pg_catalog.jsonb_build_object('timeout', pg_catalog.trim_scale(extract(epoch from span)));
    end if;
    if given -> 'headers' ? 'faultline.tick' then
      perform faultline._schedule_fault('headers', 'faultline.tick is given', 'That is where a job has its schedule and tick');
    end if;
  else
    foreach key in array of_workflows loop
      if given ? key then
        perform faultline._schedule_fault(
          key, 'a run has none',
          case key when 'payload' then 'Write input' when 'jitter' then 'A run begins at once' else 'The tasks of the workflow say that' end);
      end if;
    end loop;
    perform faultline._check_name('workflow', given ->> 'workflow');
    if not exists (select from faultline.workflows w where w.workflow = given ->> 'workflow') then
      raise exception using errcode = 'FL005', message = pg_catalog.format('workflow: there is no workflow %s', given ->> 'workflow'), hint = 'put_workflow comes first.', column = 'workflow';
    end if;
    stored := '{"input": {}}';
    if given ? 'input' then
      perform faultline._schedule_job('input', given -> 'input');
    end if;
  end if;
  key := case when given ? 'type' then 'payload' else 'input' end;
  if given -> key ? 'tick_at' then
    perform faultline._schedule_fault(key, 'tick_at is given', 'That is where the time of the tick stands: give yours another name');
  elsif pg_catalog.octet_length((given -> key)::text) > 262100 then
    perform faultline._schedule_fault(key, pg_catalog.format('it has %s bytes as text', pg_catalog.octet_length((given -> key)::text)), 'At most 262100: store the data elsewhere and pass a reference');
  end if;

  -- How.
  rule := coalesce(given ->> 'missed', 'latest');
  if rule not in ('skip', 'latest', 'all') then
    perform faultline._schedule_fault('missed', pg_catalog.format('%s is unknown', pg_catalog.quote_literal(pg_catalog.left(rule, 100))), 'skip, latest or all');
  elsif coalesce(given ->> 'overlap', 'allow') not in ('allow', 'skip') then
    perform faultline._schedule_fault('overlap', pg_catalog.format('%s is unknown', pg_catalog.quote_literal(pg_catalog.left(given ->> 'overlap', 100))), 'allow or skip');
  elsif given ? 'missed_window' and rule = 'skip' then
    perform faultline._schedule_fault('missed_window', 'missed: skip has none', 'It is for latest and all');
  elsif given ? 'missed_limit' and rule <> 'all' then
    perform faultline._schedule_fault('missed_limit', pg_catalog.format('missed: %s has none', rule), 'It is for all');
  end if;
  span := coalesce(faultline._schedule_interval('missed_window', given -> 'missed_window', interval '1 minute', interval '366 days'),
                   case rule when 'latest' then interval '366 days' when 'all' then interval '1 day' end);
  if span is not null then
    given := given || pg_catalog.jsonb_build_object('missed_window', pg_catalog.trim_scale(extract(epoch from span)));
  end if;
  if (case pg_catalog.jsonb_typeof(given -> 'missed_limit')
    when 'number' then (given ->> 'missed_limit')::numeric % 1 <> 0 or (given ->> 'missed_limit')::numeric not between 1 and 1000
    else given ? 'missed_limit'
  end) then
    perform faultline._schedule_fault('missed_limit', pg_catalog.format('%s is out of bounds', pg_catalog.left((given -> 'missed_limit')::text, 100)), 'A whole number between 1 and 1000');
  end if;
  span := faultline._schedule_interval('jitter', given -> 'jitter', interval '0', interval '1 day');
  if span is not null then
    given := given || pg_catalog.jsonb_build_object('jitter', pg_catalog.trim_scale(extract(epoch from span)));
  end if;
  -- Whole numbers, however they were written: 2.0 is 2.
  foreach key in array '{priority,max_attempts,missed_limit}'::text[] loop
    if given ? key then
      given := given || pg_catalog.jsonb_build_object(key, (given ->> key)::numeric::int);
    end if;
  end loop;
  return stored || '{"missed": "latest", "overlap": "allow"}' || case rule when 'all' then '{"missed_limit": 100}' else '{}' end::jsonb || given;
end
$$;
comment on function faultline._check_schedule(jsonb) is 'Private: the definition of a schedule with all defaults, or FL004.';
