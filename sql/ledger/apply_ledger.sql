-- Records, in the caller's transaction, that the effect of a transaction has happened: the entry, its postings, APPLIED.
-- What else the caller's transaction does commits with it or not at all. Returns the entry's id, and whether it is new:
-- false means that somebody has applied the transaction before, and that the caller must roll its own effect back.
-- The job is not completed: apply_and_complete does both. For faultline_runner.
--   effect     an object: what happened, for people
--   postings   [{"account": …, "amount": …, "currency": …}, …], at most 1000; in each currency they add up to zero; they
--              want READ COMMITTED
-- A transaction that nobody has submitted is made, with the job's type and payload as its kind and request. Repeated, also
-- by a later attempt, it returns the same entry and changes nothing.
-- Locks the job's row, the transaction, then, in the order of their names, accounts that have a floor and are debited.
-- Errors: FL001 stale attempt, FL002 the transaction stands for other work, or is another job's; FL003 an effect of it
-- was sent and is not settled; FL004; FL005 no such job; FL006 the transaction has failed; FL008 an account would go below
-- its floor. After an error nothing is left.
create function faultline.apply_ledger(
  job_id bigint, attempt int, transaction_id text, effect jsonb, postings jsonb default null,
  out entry_id bigint, out created boolean)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_variable
begin
  select * into entry_id, created from faultline._apply(job_id, attempt, transaction_id, effect, postings, false);
end
$$;
comment on function faultline.apply_ledger(bigint, int, text, jsonb, jsonb)
is 'Records in the caller''s transaction that the effect of a transaction has happened: (entry_id, created).';
grant execute on function faultline.apply_ledger(bigint, int, text, jsonb, jsonb) to faultline_runner;
