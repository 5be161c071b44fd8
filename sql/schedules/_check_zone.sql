-- Raises FL004 unless the server has this time zone under exactly this name. What only it would understand (UTC-3, EST5EDT4
-- and the like, abbreviations) is none.
create function faultline._check_zone(zone text)
returns void
language plpgsql
set timezone to 'UTC'
as $$
declare
  canonical text;
begin
  if pg_catalog.length(zone) <= 64 and zone !~ '^(posix|right)/' and zone not in ('localtime', 'posixrules', 'Factory') then
    begin
      canonical := pg_catalog.set_config('TimeZone', zone, true);
    exception when invalid_parameter_value then
      canonical := null;
    end;
    -- The list of zones is read from files, 20 ms: it is for what may also be an offset that somebody made up. Such a one has
    -- digits, and its canonical name is in capitals.
    if canonical = zone and (zone <> pg_catalog.upper(zone) or zone !~ '[0-9]' or exists (select from pg_catalog.pg_timezone_names z where z.name = zone)) then
      return;
    end if;
  end if;
  perform faultline._schedule_fault('timezone', pg_catalog.format('%s is unknown', pg_catalog.quote_literal(pg_catalog.left(zone, 100))),
                                    'A name of the IANA database, such as Europe/Berlin; pg_timezone_names lists them');
end
$$;
comment on function faultline._check_zone(text) is 'Private: raises FL004 unless the value is a time zone.';
