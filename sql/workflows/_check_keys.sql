-- Raises FL004 for the first key of an object in a spec that is not one of these; and unless it is an object.
create function faultline._check_keys(place text, value jsonb, known text[])
returns void
language plpgsql
as $$
declare
  unknown text;
begin
  if pg_catalog.jsonb_typeof(value) is distinct from 'object' then
    perform faultline._task_fault(place, pg_catalog.format('it is not an object but %s', coalesce('of type ' || pg_catalog.jsonb_typeof(value), 'missing')),
                                  'Its keys: ' || pg_catalog.array_to_string(known, ', '));
  end if;
  select key into unknown from pg_catalog.jsonb_object_keys(value) as key where key <> all (known) order by key limit 1;
  if unknown is not null then
    perform faultline._task_fault(place, pg_catalog.format('it has the unknown key %s', pg_catalog.quote_literal(pg_catalog.left(unknown, 100))),
                                  'Its keys: ' || pg_catalog.array_to_string(known, ', '));
  end if;
end
$$;
comment on function faultline._check_keys(text, jsonb, text[]) is 'Private: raises FL004 for a key of a spec that nobody knows.';
