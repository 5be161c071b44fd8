-- Raises FL004 unless the value is an object whose keys are all known.
create function faultline._check_settings(settings jsonb, known text[])
returns void
language plpgsql
as $$
declare
  key text;
begin
  if settings is null or pg_catalog.jsonb_typeof(settings) <> 'object' then
    perform faultline._invalid(
      pg_catalog.format('settings is not an object but %s', coalesce('of type ' || pg_catalog.jsonb_typeof(settings), 'NULL')),
      pg_catalog.format('Its keys are %s', pg_catalog.array_to_string(known, ', ')));
  end if;
  for key in select pg_catalog.jsonb_object_keys(settings) loop
    if key <> all (known) then
      perform faultline._invalid(
        pg_catalog.format('%s is not a setting', pg_catalog.quote_literal(pg_catalog.left(key, 100))),
        pg_catalog.format('The settings are %s', pg_catalog.array_to_string(known, ', ')));
    end if;
  end loop;
  perform faultline._check_backoff(case when pg_catalog.jsonb_typeof(settings -> 'backoff') <> 'null' then settings -> 'backoff' end);
end
$$;
comment on function faultline._check_settings(jsonb, text[]) is 'Private: raises FL004 unless the value is an object of known keys.';
