-- Whether this attempt's apply_ledger or apply_and_complete has been committed, after its reply was lost: the entry it
-- wrote, or NULL. Waits for whoever holds the job's row, so that the answer is final: nothing of that attempt can be
-- committed afterwards but by a call that begins after this. For faultline_runner. Changes nothing.
-- Errors: FL004, also for any isolation but READ COMMITTED (an older snapshot does not see what it waited for).
create function faultline.find_entry(job_id bigint, attempt int, transaction_id text)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_variable
begin
  perform faultline._check_fence(job_id, attempt);
  perform faultline._check_transaction_id(transaction_id);
  perform faultline._check_isolation('find_entry');
  perform from faultline.jobs_live j where j.job_id = find_entry.job_id for no key update;
  return (
    select e.entry_id
    from faultline.ledger_entries e
    where e.transaction_id = find_entry.transaction_id and e.job_id = find_entry.job_id and e.attempt = find_entry.attempt);
end
$$;
comment on function faultline.find_entry(bigint, int, text) is 'The entry that this attempt wrote, or NULL; waits for whoever is about to write it.';
grant execute on function faultline.find_entry(bigint, int, text) to faultline_runner;
