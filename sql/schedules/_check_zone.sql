-- Raises FL004 unless the server has this time zone under exactly this name. What only it would understand (UTC-3, EST5EDT4
-- and the like, abbreviations) is none.
create function faultline._check_zone(zone text)
returns void
language plpgsql
as $$
begin
  if pg_catalog.length(zone) > 64 or zone ~ '^(posix|right)/' or zone in ('localtime', 'posixrules', 'Factory')
     -- The list is read from files: 30 ms, unless another schedule has the zone already.
     or not exists (select from faultline.schedules s where s.timezone = zone)
       and not exists (select from pg_catalog.pg_timezone_names z where z.name = zone) then
    perform faultline._schedule_fault('timezone', pg_catalog.format('%s is unknown', pg_catalog.quote_literal(pg_catalog.left(zone, 100))),
                                      'A name of the IANA database, such as Europe/Berlin; pg_timezone_names lists them');
  end if;
end
$$;
comment on function faultline._check_zone(text) is 'Private: raises FL004 unless the value is a time zone.';
