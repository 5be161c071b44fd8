-- Says that the request of an effect is about to leave: SENT. Commit this, and only then send. For faultline_runner.
-- Returns 'SENT', repeated too, and by a later attempt that sends again with the same key.
-- Locks the job's row, then the transaction, then the effect. Errors: FL001 stale attempt; FL003 the effect is settled, or
-- the transaction has its entry, or its job is over; FL004; FL005 it was not begun; FL006 the transaction has failed.
create function faultline.effect_sent(job_id bigint, attempt int, transaction_id text, name text)
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
  e faultline.effects;
  running boolean;
begin
  e := faultline._lock_effect(job_id, attempt, transaction_id, name);
  if e.state not in ('INIT', 'SENT') then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('effect %s of transaction %L is %s: it must not be sent again', name, transaction_id, e.state),
      hint = 'begin_effect says what came of it.';
  end if;
  running := faultline._is_running(job_id, attempt);
  if e.state = 'INIT' and not running then
    -- Nobody would find out what became of it, and a transaction that has failed must stay without effects.
    perform faultline._answer(false, job_id, attempt, 'apply');
  end if;
  if e.state = 'INIT' and exists (select from faultline.ledger_entries l where l.transaction_id = effect_sent.transaction_id) then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('transaction %L has its entry: effect %s can not be sent any more', transaction_id, name),
      hint = 'Effects come before the entry.';
  end if;
  if running then
    -- A snapshot that is older than SENT must not burn or enter the transaction: it gets 40001.
    if e.state = 'INIT' then
      update faultline.transactions x set due_at = x.due_at where x.transaction_id = effect_sent.transaction_id;
    end if;
    update faultline.effects x
    set state = 'SENT', attempt = effect_sent.attempt, sent_at = pg_catalog.clock_timestamp()
    where x.transaction_id = effect_sent.transaction_id and x.name = effect_sent.name
      and (x.state = 'INIT' or x.attempt <> effect_sent.attempt);
  end if;
  return 'SENT';
end
$$;
comment on function faultline.effect_sent(bigint, int, text, text) is 'Says that the request of an effect is about to leave: SENT, to be committed before it does.';
grant execute on function faultline.effect_sent(bigint, int, text, text) to faultline_runner;
