-- How long a job waits after its n-th failure. The exponent and the result are clamped before an interval is made:
-- make_interval(secs => 2^80) turns negative. Jitter takes away up to its share, so max_delay holds.
create function faultline._backoff_delay(backoff jsonb, failures int)
returns interval
language plpgsql
as $$
declare
  delay double precision := extract(epoch from coalesce((backoff ->> 'delay')::interval, interval '1 second'));
  max_delay double precision := extract(epoch from coalesce((backoff ->> 'max_delay')::interval, interval '1 hour'));
  -- A numeric that is tiny (1e-400) is no double precision.
  jitter double precision := coalesce(pg_catalog.round((backoff ->> 'jitter')::numeric, 6)::double precision, 0.2);
begin
  if coalesce(backoff ->> 'kind', 'exponential') = 'exponential' then
    delay := delay * 2.0 ^ least(failures - 1, 40);
  end if;
  delay := greatest(0.001, least(delay, max_delay, 366 * 86400.0)) * (1 - jitter * pg_catalog.random());
  return pg_catalog.make_interval(secs => delay);
end
$$;
comment on function faultline._backoff_delay(jsonb, int) is 'Private: the wait after the n-th failure.';
