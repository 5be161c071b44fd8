-- Locks, for a running attempt, the job, its transaction and one of its effects, and returns the effect. Raises FL001,
-- FL002, FL005 and FL006 as apply_ledger does, and FL005 if the effect was not begun. For an attempt that is over it locks
-- the effect alone. That lock also refuses a snapshot that is older than what became of the effect.
create function faultline._lock_effect(job_id bigint, attempt int, transaction_id text, name text)
returns faultline.effects
language plpgsql
as $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
  t faultline.transactions;
  e faultline.effects;
begin
  perform faultline._check_transaction_id(transaction_id);
  perform faultline._check_name('effect', name);
  job := faultline._lock_attempt(job_id, attempt);
  if job.job_id is null then
    -- Its attempt has ended with an entry, or has completed the job: what was said of its effects stands.
    select x.* into e
    from faultline.effects x
    join faultline.transactions o on o.transaction_id = x.transaction_id
    where x.transaction_id = _lock_effect.transaction_id and x.name = _lock_effect.name and o.job_id = _lock_effect.job_id
    for no key update of x;
    if not found then
      perform faultline._answer(false, job_id, attempt, 'apply');
    end if;
  else
    t := faultline._lock_transaction(job, transaction_id);
    select * into e
    from faultline.effects x
    where x.transaction_id = t.transaction_id and x.name = _lock_effect.name and t.job_id = job.job_id
    for no key update;
  end if;
  if e.key is null then
    raise exception using
      errcode = 'FL005', message = pg_catalog.format('transaction %L of job %s has no effect %s', transaction_id, job_id, name),
      hint = 'begin_effect comes first.';
  end if;
  return e;
end
$$;
comment on function faultline._lock_effect(bigint, int, text, text) is 'Private: locks an effect for a running attempt; raises FL001, FL002, FL005, FL006.';
