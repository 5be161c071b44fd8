-- Writes the entry of a running attempt, and its postings; completing: the caller completes the job next.
-- Returns the entry, and whether it is new. See apply_ledger.
create function faultline._apply(
  job_id bigint, attempt int, transaction_id text, effect jsonb, postings jsonb, completing boolean,
  out entry_id bigint, out created boolean)
language plpgsql
as $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
  t faultline.transactions;
  sent text;
begin
  perform faultline._check_transaction_id(transaction_id), faultline._check_document('the effect', effect, true),
    faultline._check_postings(postings);

  job := faultline._lock_attempt(job_id, attempt);
  created := false;
  if job.job_id is null then
    select e.entry_id into entry_id
    from faultline.ledger_entries e
    join faultline.transactions x on x.transaction_id = e.transaction_id
    where e.transaction_id = _apply.transaction_id
      and (x.job_id = _apply.job_id
           or exists (
             select
             from faultline.jobs_done d
             where d.job_id = _apply.job_id and d.type = x.kind
               and coalesce(d.payload, (select p.payload from faultline.payloads p where p.job_id = d.job_id)) = x.request));
    if not found then
      perform faultline._ended_otherwise(job_id, attempt, transaction_id);
    end if;
    return;
  end if;
  t := faultline._lock_transaction(job, transaction_id);
  -- In a statement after the lock: whoever held it may have written the entry.
  select
    (select e.entry_id from faultline.ledger_entries e where e.transaction_id = _apply.transaction_id limit 1),
    (select e.name from faultline.effects e where e.transaction_id = _apply.transaction_id and e.state = 'SENT' limit 1)
  into entry_id, sent;
  if entry_id is not null then
    return;
  end if;
  if t.job_id <> job_id then
    perform faultline._other_job(t);
  end if;
  if sent is not null then
    raise exception using
      errcode = 'FL003',
      message = pg_catalog.format('effect %s of transaction %L was sent, and its outcome is not settled', sent, transaction_id),
      hint = 'settle_effect says what became of it; the entry comes after that.';
  end if;

  created := true;
  insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at)
  values (transaction_id, job_id, attempt, coalesce(effect, '{}'), pg_catalog.clock_timestamp())
  returning ledger_entries.entry_id into entry_id;
  if postings is not null then
    perform faultline._post(entry_id, postings);
  end if;
  update faultline.transactions x
  set state = 'APPLIED', job_state = case when completing then 'succeeded' end,
      due_at = case when completing then pg_catalog.clock_timestamp() end
  where x.transaction_id = _apply.transaction_id;
end
$$;
comment on function faultline._apply(bigint, int, text, jsonb, jsonb, boolean) is 'Private: writes the ledger entry of a running attempt.';
