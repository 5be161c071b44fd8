-- Burns a transaction by an operator's word: FAILED, and its id can never be applied. What is left of its job goes with
-- it: a queued one is cancelled, a dead letter discarded, a running one told to stop (its entry would be refused).
-- Returns 'FAILED', repeated too (the first reason stays). For faultline_operator.
-- Locks the job's row, then the transaction. Errors: FL003 it has its entry, or an effect of it was sent and may still
-- land, or has happened; FL004; FL005 no such transaction.
create function faultline.fail_transaction(transaction_id text, reason text)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
  t faultline.transactions;
  effect record;
begin
  perform faultline._check_transaction_id(transaction_id);
  if reason is null or pg_catalog.length(reason) not between 1 and 1000 then
    perform faultline._invalid(
      case when reason is null then 'the reason is NULL' else pg_catalog.format('the reason has %s characters', pg_catalog.length(reason)) end,
      'Say why, in 1 to 1000 characters');
  end if;
  loop
    select * into t from faultline.transactions x where x.transaction_id = fail_transaction.transaction_id;
    if not found then
      perform faultline._no_transaction(transaction_id);
    end if;
    perform faultline._lock_runs(array[j.run_id]) from faultline.jobs_live j where j.job_id = t.job_id and coalesce(j.run_id, 0) > 0;
    -- Jobs come first in the order of locks. reconcile may give the transaction another job meanwhile: then once more.
    select * into job from faultline.jobs_live j where j.job_id = t.job_id and j.transaction_id = t.transaction_id for update;
    select * into t from faultline.transactions x
    where x.transaction_id = fail_transaction.transaction_id and x.job_id = t.job_id
    for no key update;
    exit when found;
  end loop;
  if t.state = 'FAILED' then
    return 'FAILED';
  end if;
  if t.state <> 'INIT' or exists (select from faultline.ledger_entries e where e.transaction_id = t.transaction_id) then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('transaction %L has its entry: it has happened and can not fail', transaction_id),
      hint = 'Submit another transaction that makes up for it.';
  end if;
  select e.name, e.state into effect
  from faultline.effects e
  where e.transaction_id = t.transaction_id and e.state in ('SENT', 'APPLIED')
  order by e.state, e.name
  limit 1;
  if found then
    raise exception using
      errcode = 'FL003',
      message = pg_catalog.format('effect %s of transaction %L is %s: %s', effect.name, transaction_id, effect.state,
                                  case effect.state when 'SENT' then 'it may still land' else 'it has happened' end),
      hint = case effect.state when 'SENT' then 'answer_effect says ABSENT once the outside refuses its key.' else 'Submit another transaction that makes up for it.' end;
  end if;

  if job.state = 'running' and job.cancel_requested_at is null then
    update faultline.jobs_live j set cancel_requested_at = pg_catalog.clock_timestamp() where j.job_id = job.job_id;
  elsif job.state = 'queued' then
    perform faultline._finish(job, 'cancelled', null);
  elsif job.state = 'failed' then
    perform faultline._finish(job, 'discarded', null);
  end if;
  update faultline.transactions x
  set state = 'FAILED', reason = fail_transaction.reason, settled_at = pg_catalog.clock_timestamp(), due_at = null
  where x.transaction_id = t.transaction_id;
  perform faultline._record(t.job_id, null, 'fail_transaction', null, pg_catalog.jsonb_build_object('transaction_id', transaction_id, 'reason', reason));
  return 'FAILED';
end
$$;
comment on function faultline.fail_transaction(text, text) is 'Burns a transaction by an operator''s word; what is left of its job goes with it.';
grant execute on function faultline.fail_transaction(text, text) to faultline_operator;
