-- Reads one key of a settings object as a whole number, or raises FL004 that names it. NULL stays NULL.
create function faultline._setting_int(settings jsonb, key text, lowest int, highest int)
returns int
language plpgsql
as $$
begin
  if pg_catalog.jsonb_typeof(settings -> key) not in ('number', 'null')
     or (settings ->> key)::numeric not between lowest and highest
     or (settings ->> key)::numeric % 1 <> 0 then
    perform faultline._invalid(
      pg_catalog.format('%s %s is out of bounds', key, pg_catalog.left((settings -> key)::text, 100)),
      pg_catalog.format('A whole number between %s and %s', lowest, highest));
  end if;
  return (settings ->> key)::numeric::int;
end
$$;
comment on function faultline._setting_int(jsonb, text, int, int) is 'Private: a whole number out of a settings object, or FL004.';
