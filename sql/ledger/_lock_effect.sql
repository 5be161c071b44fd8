-- Locks, for a running attempt, the job and its transaction, under which effects are sent and settled, and returns one of
-- its effects. Raises FL001, FL002, FL005 and FL006 as apply_ledger does, and FL005 if the effect was not begun. For an
-- attempt that is over it locks nothing: nothing is changed then.
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
    where x.transaction_id = _lock_effect.transaction_id and x.name = _lock_effect.name and o.job_id = _lock_effect.job_id;
    if not found then
      perform faultline._answer(false, job_id, attempt, 'apply');
    end if;
  else
    t := faultline._lock_transaction(job, transaction_id);
    select * into e
    from faultline.effects x
    where x.transaction_id = t.transaction_id and x.name = _lock_effect.name and t.job_id = job.job_id;
  end if;
  if e.key is null then
    raise exception using
      errcode = 'FL005', message = pg_catalog.format('transaction %L of job %s has no effect %s', transaction_id, job_id, name),
      hint = 'begin_effect comes first.';
  end if;
  return e;
end
$$;
comment on function faultline._lock_effect(bigint, int, text, text) is 'Private: locks the transaction of an effect for a running attempt and returns the effect; raises FL001, FL002, FL005, FL006.';
