-- Does the calendar (of _parse_cron) have this time of a wall clock, in whole seconds?
create function faultline._is_wall_time(calendar jsonb, wall timestamp)
returns boolean
language plpgsql immutable
as $$
begin
  return (calendar -> 'seconds') @> pg_catalog.to_jsonb(extract(second from wall)::int)
    and (calendar -> 'minutes') @> pg_catalog.to_jsonb(extract(minute from wall)::int)
    and (calendar -> 'hours') @> pg_catalog.to_jsonb(extract(hour from wall)::int)
    and faultline._is_day(calendar, wall::date);
end
$$;
comment on function faultline._is_wall_time(jsonb, timestamp) is 'Private: does a calendar have this time of a wall clock?';
