-- Submits what has to happen once: makes the transaction, INIT, and its job, in the caller's transaction. Returns the
-- job's id. The job has the kind as its type and the request as its payload. For faultline_producer.
-- The same id with the same kind and request again is the same job, whatever became of it, and changes nothing; a caller
-- at the same moment waits for the first to commit. An argument that is NULL means its default; queue, run_at, priority,
-- max_attempts, backoff, timeout, tags and headers are those of enqueue, and are not compared.
-- Errors: FL002 the id stands for another kind or request; FL004 an argument out of its limits (an id has 1 to 255
-- characters); FL006 the transaction has failed, its id is burnt.
-- Locks nothing but its id.
create function faultline.submit_transaction(
  transaction_id text, kind text, request jsonb default '{}', queue text default 'default',
  run_at timestamptz default null, priority int default 2, max_attempts int default null, backoff jsonb default null,
  timeout interval default null, tags text[] default '{}', headers jsonb default null)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_column
declare
  new_job bigint;
  new_hash bigint;
  known faultline.transactions;
begin
  request := coalesce(submit_transaction.request, '{}');
  queue := coalesce(submit_transaction.queue, 'default');
  priority := coalesce(submit_transaction.priority, 2);
  tags := coalesce(submit_transaction.tags, '{}');
  perform faultline._check_transaction_id(submit_transaction.transaction_id);
  perform faultline._check_name('kind', submit_transaction.kind);
  perform faultline._check_document('the request', submit_transaction.request, true);
  perform faultline._check_job(kind, null, queue, run_at, priority, max_attempts, null, null, backoff, timeout, tags, headers);
  new_hash := faultline._arguments_hash(submit_transaction.kind, submit_transaction.request);
  loop
    -- A look first: a repetition uses up no job's id.
    select * into known from faultline.transactions t where t.transaction_id = submit_transaction.transaction_id;
    if found then
      if known.kind <> submit_transaction.kind or known.request <> submit_transaction.request then
        perform faultline._other_request(known);
      elsif known.state = 'FAILED' then
        perform faultline._burnt(known);
      end if;
      return known.job_id;
    end if;
    new_job := pg_catalog.nextval('faultline.jobs_live_job_id_seq');
    insert into faultline.transactions (transaction_id, kind, request, request_hash, options, job_id, created_at)
    values (
      submit_transaction.transaction_id, submit_transaction.kind, submit_transaction.request, new_hash,
      pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
        'queue', nullif(submit_transaction.queue, 'default'), 'run_at', run_at, 'priority', nullif(submit_transaction.priority, 2),
        'max_attempts', max_attempts, 'timeout', timeout, 'tags', nullif(submit_transaction.tags, '{}')))
      || case when backoff is null then '{}' else pg_catalog.jsonb_build_object('backoff', backoff) end
      || case when headers is null then '{}' else pg_catalog.jsonb_build_object('headers', headers) end,
      new_job, pg_catalog.clock_timestamp())
    on conflict do nothing;
    exit when found;
  end loop;
  -- It has its xid by now, as _add_job wants: the insert gave it.
  perform faultline._add_job(new_job, kind, request, queue, run_at, priority, max_attempts, null, backoff, timeout, tags,
                             headers, submit_transaction.transaction_id, null, null);
  return new_job;
end
$$;
comment on function faultline.submit_transaction(text, text, jsonb, text, timestamptz, int, int, jsonb, interval, text[], jsonb)
is 'Makes a transaction (INIT) and its job in one, and returns the job''s id; the same id and request again: the same job.';
grant execute on function faultline.submit_transaction(text, text, jsonb, text, timestamptz, int, int, jsonb, interval, text[], jsonb)
to faultline_producer;
