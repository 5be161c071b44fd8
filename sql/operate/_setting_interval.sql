-- Reads one key of a settings object as an interval, or raises FL004 that names it. NULL stays NULL.
create function faultline._setting_interval(settings jsonb, key text, lowest interval, highest interval)
returns interval
language plpgsql
as $$
declare
  value interval;
begin
  if pg_catalog.jsonb_typeof(settings -> key) not in ('string', 'null') then
    perform faultline._invalid(
      pg_catalog.format('%s %s is not an interval in a string', key, pg_catalog.left((settings -> key)::text, 100)), 'For example "30 seconds"');
  end if;
  begin
    value := (settings ->> key)::interval;
  exception when data_exception then
    perform faultline._invalid(
      pg_catalog.format('%s %s is not an interval', key, pg_catalog.quote_literal(pg_catalog.left(settings ->> key, 100))), 'For example "30 seconds"');
  end;
  perform faultline._check_interval(key, value, lowest, highest);
  return value;
end
$$;
comment on function faultline._setting_interval(jsonb, text, interval, interval) is 'Private: an interval out of a settings object, or FL004.';
