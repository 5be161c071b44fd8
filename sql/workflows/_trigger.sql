-- What trigger_workflow does, for any key: those of ticks are for _make_tick alone.
create function faultline._trigger(name text, input jsonb, idempotency_key text, headers jsonb)
returns bigint
language plpgsql
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_variable
declare
  new_run bigint;
  version_ int;
  known faultline.runs;
  wrong record;
begin
  input := coalesce(input, '{}');
  perform faultline._check_name('name', name);
  if pg_catalog.jsonb_typeof(input) <> 'object' then
    perform faultline._invalid(pg_catalog.format('the input is not an object but of type %s', pg_catalog.jsonb_typeof(input)), 'Put the value under a name, as in {"value": …}');
  end if;
  if pg_catalog.octet_length(input::text) > 262144 then
    perform faultline._invalid(pg_catalog.format('the input has %s bytes as text', pg_catalog.octet_length(input::text)), 'At most 262144 (256 KiB): store the data elsewhere and pass a reference');
  end if;
  if pg_catalog.length(idempotency_key) not between 1 and 255 then
    perform faultline._invalid(pg_catalog.format('the idempotency key has %s characters', pg_catalog.length(idempotency_key)), 'It has 1 to 255');
  end if;
  if pg_catalog.jsonb_typeof(headers) <> 'object' then
    perform faultline._invalid(pg_catalog.format('headers is not an object but of type %s', pg_catalog.jsonb_typeof(headers)), 'For example {"traceparent": "…"}');
  end if;
  if pg_catalog.octet_length(headers::text) > 16384 then
    perform faultline._invalid(pg_catalog.format('headers has %s bytes as text', pg_catalog.octet_length(headers::text)), 'At most 16384');
  end if;
  select max(w.version) into version_ from faultline.workflows w where w.workflow = name;
  if version_ is null then
    raise exception using errcode = 'FL005', message = pg_catalog.format('there is no workflow %s', name), hint = 'put_workflow comes first.';
  end if;
  select w.task, w.definition ->> 'for_each' as reference, pg_catalog.jsonb_typeof(x.value) as kind into wrong
  from faultline.workflow_tasks w
  cross join lateral (
    select input #> (pg_catalog.string_to_array(w.definition ->> 'for_each', '.'))[2:] as value
  ) x
  where w.workflow = name and w.version = version_ and faultline._reference_base(w.definition ->> 'for_each', w.definition -> 'needs') = 'input'
    and pg_catalog.jsonb_typeof(x.value) is distinct from 'array'
  order by w.ordinal
  limit 1;
  if found then
    perform faultline._invalid(
      pg_catalog.format('for_each of task %s: %s is no list but %s', wrong.task, wrong.reference, coalesce('of type ' || wrong.kind, 'missing')), 'Give the run a list there');
  end if;

  perform pg_catalog.pg_current_xact_id();
  loop
    if idempotency_key is not null then
      select * into known from faultline.runs r where r.workflow = name and r.idempotency_key = _trigger.idempotency_key;
      if found then
        if known.input <> input then
          raise exception using
            errcode = 'FL002', message = pg_catalog.format('idempotency key %L of workflow %s stands for run %s, which has another input', idempotency_key, name, known.run_id),
            hint = 'The same key wants the same input: use a new key for a new run.';
        end if;
        return known.run_id;
      end if;
    end if;
    new_run := pg_catalog.nextval('faultline.runs_run_id_seq');
    insert into faultline.runs (run_id, root_run_id, workflow, version, input, idempotency_key, headers, created_at)
    values (new_run, new_run, name, version_, input, idempotency_key, headers, pg_catalog.clock_timestamp())
    on conflict on constraint runs_key do nothing;
    exit when found;
  end loop;
  perform faultline._follow(array[new_run]);
  return new_run;
end
$$;
comment on function faultline._trigger(text, jsonb, text, jsonb) is 'Private: begins a run of a workflow.';
