-- A time of a schedule's definition, or FL004 for its key. It needs an offset: whose clock would it be? NULL stays NULL.
create function faultline._schedule_time(key text, value jsonb)
returns timestamptz
language plpgsql
as $$
declare
  given constant text := value #>> '{}';
begin
  if given is null then
    return null;
  end if;
  if pg_catalog.jsonb_typeof(value) = 'string' and given ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$' then
    begin
      return given::timestamptz;
    exception when data_exception then
      null;
    end;
  end if;
  raise exception using
    errcode = 'FL004', message = pg_catalog.format('%s: %s is not a time with an offset', key, pg_catalog.left(value::text, 100)),
    hint = 'For example "2030-01-31T09:00:00+01:00", or with a Z for UTC', column = key;
end
$$;
comment on function faultline._schedule_time(text, jsonb) is 'Private: a time of a schedule''s definition.';
