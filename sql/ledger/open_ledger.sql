-- Whether the work of a transaction is still to be done by this attempt: NULL if so, else the entry that somebody has
-- written, and which apply_and_complete completes the job with. A look before the work, no lock and no proof: apply_ledger
-- decides. For faultline_runner. Changes nothing.
-- Errors: FL001 stale attempt, FL002 the transaction stands for other work, FL004, FL005 no such job, FL006 it has failed.
create function faultline.open_ledger(job_id bigint, attempt int, transaction_id text)
returns bigint
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_variable
declare
  entry bigint;
  ended boolean := false;
  type_ text;
  payload_ jsonb;
  t faultline.transactions;
begin
  perform faultline._check_fence(job_id, attempt), faultline._check_transaction_id(transaction_id);
  select j.type, coalesce(j.payload, (select p.payload from faultline.payloads p where p.job_id = j.job_id))
  into type_, payload_
  from faultline.jobs_live j
  where j.job_id = open_ledger.job_id and j.attempt = open_ledger.attempt and j.state = 'running';
  if not found then
    perform faultline._answer(false, job_id, attempt, 'apply');
    ended := true;
  end if;
  select * into t from faultline.transactions x where x.transaction_id = open_ledger.transaction_id;
  if t.state = 'FAILED' then
    perform faultline._burnt(t);
  elsif t.job_id <> job_id and (t.kind, t.request) is distinct from (type_, payload_) then
    perform faultline._other_request(t);
  end if;
  select e.entry_id into entry from faultline.ledger_entries e where e.transaction_id = open_ledger.transaction_id;
  if ended and entry is null then
    perform faultline._ended_otherwise(job_id, attempt, transaction_id);
  end if;
  return entry;
end
$$;
comment on function faultline.open_ledger(bigint, int, text) is 'NULL if the work of a transaction is still to be done by this attempt, else the entry that is there.';
grant execute on function faultline.open_ledger(bigint, int, text) to faultline_runner;
