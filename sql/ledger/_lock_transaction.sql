-- Locks the transaction that a running job carries out, and returns it; makes it, INIT, if nobody has submitted it. The
-- caller holds the job's row: jobs come before transactions in the order of locks.
-- A transaction of another job is returned too if kind and request are the same: the caller finds that job's entry, or
-- refuses. Raises FL002 for the transaction of other work, FL006 for one that has failed.
create function faultline._lock_transaction(job faultline.jobs_live, transaction_id text)
returns faultline.transactions
language plpgsql
as $$
#variable_conflict use_column
declare
  t faultline.transactions;
begin
  loop
    select * into t from faultline.transactions x where x.transaction_id = _lock_transaction.transaction_id for no key update;
    exit when found;
    if job.transaction_id is not null then
      raise exception using
        errcode = 'FL002',
        message = pg_catalog.format('job %s carries out transaction %L, not %L', job.job_id, job.transaction_id, _lock_transaction.transaction_id),
        hint = 'One job, one transaction: submit another for what else has to happen.';
    end if;
    insert into faultline.transactions (transaction_id, kind, request, request_hash, job_id, created_at)
    select _lock_transaction.transaction_id, job.type, j.payload, faultline._arguments_hash(job.type, j.payload), job.job_id,
      pg_catalog.clock_timestamp()
    from (select coalesce(job.payload, (select p.payload from faultline.payloads p where p.job_id = job.job_id)) as payload) j
    on conflict do nothing
    returning * into t;
    if not found and exists (select from faultline.transactions x where x.job_id = job.job_id) then
      raise exception using
        errcode = 'FL003', message = pg_catalog.format('job %s is that of another transaction already', job.job_id),
        hint = 'The ledger was restored without the sequence of jobs: see "Restore" in docs/ledger.md.';
    end if;
    if t.transaction_id is not null then
      update faultline.jobs_live l set transaction_id = _lock_transaction.transaction_id where l.job_id = job.job_id;
      return t;
    end if;
  end loop;
  if t.job_id <> job.job_id then
    if job.transaction_id is not null or t.kind <> job.type
       or t.request <> coalesce(job.payload, (select p.payload from faultline.payloads p where p.job_id = job.job_id)) then
      perform faultline._other_request(t);
    end if;
  end if;
  if t.state = 'FAILED' then
    perform faultline._burnt(t);
  end if;
  return t;
end
$$;
comment on function faultline._lock_transaction(faultline.jobs_live, text)
is 'Private: locks the transaction of a running job, or makes it; raises FL002, FL006.';
