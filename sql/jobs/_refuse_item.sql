-- Finds what is wrong with one element of enqueue_many's array and raises FL004 that names its place; returns false
-- when nothing is wrong. Slow on purpose: enqueue_many asks only for elements that failed its quick test.
create function faultline._refuse_item(ordinal bigint, item jsonb)
returns boolean
language plpgsql
as $$
declare
  job record;
  unknown text;
  message text;
  hint text;
begin
  if pg_catalog.jsonb_typeof(item) <> 'object' then
    perform faultline._invalid(
      pg_catalog.format('it is not an object but of type %s', pg_catalog.jsonb_typeof(item)), 'Its keys are the arguments of enqueue');
  end if;
  select key into unknown
  from pg_catalog.jsonb_object_keys(item) as key
  where key <> all (array['type', 'payload', 'queue', 'run_at', 'priority', 'max_attempts', 'idempotency_key',
                          'idempotency_ttl', 'backoff', 'timeout', 'tags', 'headers']);
  if unknown is not null then
    perform faultline._invalid(
      pg_catalog.format('it has the unknown key %s', pg_catalog.quote_literal(pg_catalog.left(unknown, 100))), 'Its keys are the arguments of enqueue');
  end if;
  begin
    select * into job
    from pg_catalog.jsonb_to_record(item) as r (
      type text, payload jsonb, queue text, run_at timestamptz, priority int, max_attempts int, idempotency_key text,
      idempotency_ttl interval, backoff jsonb, timeout interval, tags text[], headers jsonb);
  exception when data_exception then
    perform faultline._invalid(sqlerrm, 'Times, intervals and numbers are written as PostgreSQL reads them');
  end;
  perform faultline._check_job(
    job.type, job.payload, job.queue, job.run_at, job.priority, job.max_attempts, job.idempotency_key, job.idempotency_ttl,
    job.backoff, job.timeout, job.tags, job.headers);
  return false;
exception when sqlstate 'FL004' then
  get stacked diagnostics message = message_text, hint = pg_exception_hint;
  raise exception using errcode = 'FL004', message = pg_catalog.format('job %s: %s', ordinal, message), hint = hint;
end
$$;
comment on function faultline._refuse_item(bigint, jsonb) is 'Private: raises FL004 with the place of a bad element of enqueue_many.';
