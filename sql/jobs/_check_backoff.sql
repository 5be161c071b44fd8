-- Raises FL004 unless the value is a backoff: {"kind": "exponential"|"fixed", "delay": interval, "max_delay": interval,
-- "jitter": 0 to 1}, each key optional. NULL passes.
create function faultline._check_backoff(backoff jsonb)
returns void
language plpgsql
as $$
declare
  usage constant text := 'For example {"kind": "exponential", "delay": "1s", "max_delay": "1h", "jitter": 0.2}';
  key text;
  delay interval;
begin
  if backoff is null then
    return;
  end if;
  if pg_catalog.jsonb_typeof(backoff) <> 'object' then
    perform faultline._invalid(pg_catalog.format('backoff %s is not an object', pg_catalog.left(backoff::text, 100)), usage);
  end if;
  for key in select pg_catalog.jsonb_object_keys(backoff) loop
    if key not in ('kind', 'delay', 'max_delay', 'jitter') then
      perform faultline._invalid(pg_catalog.format('backoff has no key %s', pg_catalog.quote_literal(pg_catalog.left(key, 100))), usage);
    end if;
  end loop;
  if backoff ->> 'kind' not in ('exponential', 'fixed') then
    perform faultline._invalid(
      pg_catalog.format('backoff kind %s is unknown', pg_catalog.quote_literal(pg_catalog.left(backoff ->> 'kind', 100))), usage);
  end if;
  foreach key in array array['delay', 'max_delay'] loop
    if pg_catalog.jsonb_typeof(backoff -> key) not in ('string', 'null') then
      perform faultline._invalid(pg_catalog.format('backoff %s %s is not an interval in a string', key, pg_catalog.left((backoff -> key)::text, 100)), usage);
    end if;
    begin
      delay := (backoff ->> key)::interval;
    exception when data_exception then
      perform faultline._invalid(
        pg_catalog.format('backoff %s %s is not an interval', key, pg_catalog.quote_literal(pg_catalog.left(backoff ->> key, 100))), usage);
    end;
    perform faultline._check_interval('backoff ' || key, delay, interval '1 millisecond', interval '366 days');
  end loop;
  if pg_catalog.jsonb_typeof(backoff -> 'jitter') not in ('number', 'null') then
    perform faultline._invalid(pg_catalog.format('backoff jitter %s is not a number', pg_catalog.left((backoff -> 'jitter')::text, 100)), usage);
  end if;
  if (backoff ->> 'jitter')::numeric not between 0 and 1 then
    perform faultline._invalid(pg_catalog.format('backoff jitter %s is out of bounds', pg_catalog.left(backoff ->> 'jitter', 100)), 'It lies between 0 and 1');
  end if;
end
$$;
comment on function faultline._check_backoff(jsonb) is 'Private: raises FL004 unless the value is a backoff.';
