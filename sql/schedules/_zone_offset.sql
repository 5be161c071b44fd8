-- The offset of a time zone from UTC at a second of the epoch.
create function faultline._zone_offset(zone text, second bigint)
returns interval
language plpgsql stable
as $$
begin
  return pg_catalog.to_timestamp(second) at time zone zone - pg_catalog.to_timestamp(second) at time zone 'UTC';
end
$$;
comment on function faultline._zone_offset(text, bigint) is 'Private: the offset of a time zone at a second of the epoch.';
