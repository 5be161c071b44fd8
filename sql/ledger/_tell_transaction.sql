-- Tells a transaction that an attempt of its job is over: job_state is how the job ended, NULL if it is still live. What
-- reconcile has to look at is due at once. The caller holds the job's row, and so has its xid already: due_at is later.
create function faultline._tell_transaction(transaction_id text, job_state text)
returns void
language plpgsql
as $$
#variable_conflict use_variable
begin
  update faultline.transactions t
  set job_state = coalesce(_tell_transaction.job_state, t.job_state),
      due_at = case when t.settled_at is null then pg_catalog.clock_timestamp() end
  where t.transaction_id = _tell_transaction.transaction_id
    and case when _tell_transaction.job_state is null then t.state = 'APPLIED'
          else t.job_state is distinct from _tell_transaction.job_state end;
end
$$;
comment on function faultline._tell_transaction(text, text) is 'Private: tells a transaction that an attempt of its job is over.';
