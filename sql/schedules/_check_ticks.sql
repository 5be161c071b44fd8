-- Raises FL004 for the first element of fire_schedules' array that is none, with its place; returns the array.
create function faultline._check_ticks(ticks jsonb)
returns jsonb
language plpgsql
as $$
declare
  usage constant text := 'For example [{"schedule": "nightly", "version": 1, "tick_at": "2030-01-31T02:00:00Z", "after": "2030-01-30T02:00:00Z"}]';
  element record;
  tick record;
begin
  if ticks is null or pg_catalog.jsonb_typeof(ticks) <> 'array' then
    perform faultline._invalid(pg_catalog.format('ticks is not an array but %s', coalesce('of type ' || pg_catalog.jsonb_typeof(ticks), 'NULL')), usage);
  elsif pg_catalog.jsonb_array_length(ticks) > 10000 then
    perform faultline._invalid(pg_catalog.format('the array has %s elements', pg_catalog.jsonb_array_length(ticks)), 'At most 10000 a call');
  end if;
  for element in select e.ordinality as ordinal, e.value from pg_catalog.jsonb_array_elements(ticks) with ordinality e loop
    if pg_catalog.jsonb_typeof(element.value) <> 'object' then
      perform faultline._invalid(pg_catalog.format('tick %s: it is not an object but of type %s', element.ordinal, pg_catalog.jsonb_typeof(element.value)), usage);
    end if;
    begin
      select * into tick
      from pg_catalog.jsonb_to_record(element.value) as r (schedule text, version int, tick_at timestamptz, after timestamptz, missed int, fire boolean);
    exception when data_exception then
      perform faultline._invalid(pg_catalog.format('tick %s: %s', element.ordinal, sqlerrm), usage);
    end;
    if pg_catalog.num_nulls(tick.schedule, tick.version, tick.tick_at, tick.after) > 0 or not (pg_catalog.isfinite(tick.tick_at) and pg_catalog.isfinite(tick.after)) then
      perform faultline._invalid(pg_catalog.format('tick %s: schedule, version, tick_at and after are needed', element.ordinal), usage);
    elsif tick.missed not between 0 and 1000000 or tick.fire is false and coalesce(tick.missed, 0) = 0 then
      perform faultline._invalid(pg_catalog.format('tick %s: missed %s is out of bounds', element.ordinal, coalesce(tick.missed, 0)), 'Between 0 and 1000000; with fire false it counts this one');
    end if;
  end loop;
  return ticks;
end
$$;
comment on function faultline._check_ticks(jsonb) is 'Private: raises FL004 for an element of fire_schedules that is none.';
