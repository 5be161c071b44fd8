-- Raises FL004 for the first argument of enqueue that is out of its limits. NULL means the default and passes, except
-- for the type, which has none.
create function faultline._check_job(
  type text, payload jsonb, queue text, run_at timestamptz, priority int, max_attempts int, idempotency_key text,
  idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb)
returns void
language plpgsql
as $$
declare
  tag text;
begin
  perform faultline._check_name('type', type);
  if queue <> 'default' then
    perform faultline._check_name('queue', queue);
  end if;
  if pg_catalog.jsonb_typeof(payload) <> 'object' then
    perform faultline._invalid(
      pg_catalog.format('the payload is not an object but of type %s', pg_catalog.jsonb_typeof(payload)),
      'Put the value under a name, as in {"value": …}');
  end if;
  if pg_catalog.octet_length(payload::text) > 262144 then
    perform faultline._invalid(
      pg_catalog.format('the payload has %s bytes as text', pg_catalog.octet_length(payload::text)),
      'At most 262144 (256 KiB): store the data elsewhere and enqueue a reference');
  end if;
  if not pg_catalog.isfinite(run_at) then
    perform faultline._invalid(pg_catalog.format('run_at %s is not a time', run_at), 'Leave it out to run now');
  end if;
  if priority not between 1 and 4 then
    perform faultline._invalid(pg_catalog.format('priority %s is out of bounds', priority), '1, 2, 3 or 4; 1 runs first');
  end if;
  if max_attempts not between 1 and 100 then
    perform faultline._invalid(pg_catalog.format('max_attempts %s is out of bounds', max_attempts), 'It lies between 1 and 100');
  end if;
  if pg_catalog.length(idempotency_key) not between 1 and 255 then
    perform faultline._invalid(
      pg_catalog.format('the idempotency key has %s characters', pg_catalog.length(idempotency_key)), 'It has 1 to 255');
  end if;
  if idempotency_ttl is not null and idempotency_key is null then
    perform faultline._invalid('idempotency_ttl is given without idempotency_key', 'Give a key, or leave the ttl out');
  end if;
  perform faultline._check_interval('idempotency_ttl', idempotency_ttl, interval '1 second', interval '3660 days');
  perform faultline._check_backoff(backoff);
  perform faultline._check_interval('timeout', timeout, interval '1 millisecond', interval '366 days');
  if pg_catalog.array_ndims(tags) > 1 then
    perform faultline._invalid('tags is an array of arrays', 'Give one list of names');
  end if;
  if pg_catalog.cardinality(tags) > 32 then
    perform faultline._invalid(pg_catalog.format('the job has %s tags', pg_catalog.cardinality(tags)), 'At most 32');
  end if;
  if pg_catalog.cardinality(tags) > 0 then
    foreach tag in array tags loop
      perform faultline._check_name('tag', tag);
    end loop;
  end if;
  if pg_catalog.jsonb_typeof(headers) <> 'object' then
    perform faultline._invalid(
      pg_catalog.format('headers is not an object but of type %s', pg_catalog.jsonb_typeof(headers)),
      'For example {"traceparent": "…"}');
  end if;
  if pg_catalog.octet_length(headers::text) > 16384 then
    perform faultline._invalid(
      pg_catalog.format('headers has %s bytes as text', pg_catalog.octet_length(headers::text)), 'At most 16384');
  end if;
end
$$;
comment on function faultline._check_job(text, jsonb, text, timestamptz, int, int, text, interval, jsonb, interval, text[], jsonb)
is 'Private: raises FL004 for the first argument of enqueue that is out of its limits.';
