-- A time as payloads and definitions have it, whatever the session's settings: 2026-03-29T01:30:00Z.
create function faultline._utc(moment timestamptz)
returns text
language plpgsql immutable
as $$
begin
  return pg_catalog.to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
    || pg_catalog.rtrim(pg_catalog.to_char(moment at time zone 'UTC', '.US'), '.0') || 'Z';
end
$$;
comment on function faultline._utc(timestamptz) is 'Private: a time in UTC, as ISO 8601 has it.';
