-- An interval of a spec: a text such as "10m" or "1 hour". Raises FL004 with the place. NULL stays NULL.
create function faultline._spec_interval(place text, value jsonb, lowest interval, highest interval)
returns interval
language plpgsql
as $$
declare
  given interval;
  problem text;
  hint text;
begin
  if value is null or pg_catalog.jsonb_typeof(value) = 'null' then
    return null;
  end if;
  begin
    if pg_catalog.jsonb_typeof(value) = 'number' then
      given := pg_catalog.make_interval(secs => (value #>> '{}')::double precision);
    elsif pg_catalog.jsonb_typeof(value) = 'string' then
      given := (value #>> '{}')::interval;
    end if;
  exception when data_exception then
    null;
  end;
  if given is null then
    perform faultline._task_fault(place, pg_catalog.format('%s is not a duration', pg_catalog.left(value::text, 100)), 'Write "500ms", "10m" or "1 hour"');
  end if;
  begin
    perform faultline._check_interval('', given, lowest, highest);
  exception when sqlstate 'FL004' then
    get stacked diagnostics problem = message_text, hint = pg_exception_hint;
    perform faultline._task_fault(place, pg_catalog.ltrim(problem), hint);
  end;
  return given;
end
$$;
comment on function faultline._spec_interval(text, jsonb, interval, interval) is 'Private: an interval of a workflow''s spec.';
