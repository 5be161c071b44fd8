-- Says what the outside answered about an effect whose job is over (effects_to_ask), or what an operator knows about it:
-- state and response as in settle_effect. Once nothing of the transaction is SENT any more it is settled at once: entered
-- and reconciled if an effect has happened, else FAILED. Returns the transaction's state. Repeated, it returns the same.
-- For faultline_runner and faultline_operator. Locks the transaction, then the effect.
-- Errors: FL003 the job is still live (its next attempt asks), or the effect is settled otherwise; FL004; FL005.
create function faultline.answer_effect(transaction_id text, name text, state text, response jsonb default null)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_variable
declare
  t faultline.transactions;
  e faultline.effects;
begin
  perform faultline._check_transaction_id(transaction_id);
  perform faultline._check_name('effect', name);
  perform faultline._check_document('the response', response, false);
  select * into t from faultline.transactions x where x.transaction_id = answer_effect.transaction_id for no key update;
  if not found then
    perform faultline._no_transaction(transaction_id);
  end if;
  select * into e
  from faultline.effects x
  where x.transaction_id = answer_effect.transaction_id and x.name = answer_effect.name
  for no key update;
  if not found then
    raise exception using
      errcode = 'FL005', message = pg_catalog.format('transaction %L has no effect %s', transaction_id, name),
      hint = 'transaction_status shows those it has.';
  end if;
  if t.job_state is null and e.state is distinct from state then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('job %s of transaction %L is not over', t.job_id, transaction_id),
      hint = 'Its next attempt asks by itself. A dead letter: retry it, or discard it first.';
  end if;
  perform faultline._settle_effect(e, state, response);
  perform faultline._settle(t);
  return (select x.state from faultline.transactions x where x.transaction_id = answer_effect.transaction_id);
end
$$;
comment on function faultline.answer_effect(text, text, text, jsonb) is 'Says what the outside answered about an effect whose job is over, and settles its transaction; returns the state of that.';
grant execute on function faultline.answer_effect(text, text, text, jsonb) to faultline_runner, faultline_operator;
