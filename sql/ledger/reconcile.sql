-- Settles transactions whose outcome is known, and returns a row for each that moved: an entry settles it,
--   APPLIED → RECONCILED     once its job isn't running, whatever became of that; so does INIT with an entry
--   INIT → FAILED            its job was discarded, cancelled or finished without an entry, and no effect of it is SENT:
--                            the id is burnt. If an effect of it is APPLIED it has happened, and is entered and RECONCILED
--   INIT → INIT              its job never existed (a partial restore): its job again. Never one that finished and was pruned
-- INIT stays with a job that is queued, running, or a dead letter, which an operator may retry; and with an effect that is
-- SENT, until answer_effect says what came of it. Any order, any number of callers at once, the same end; a second pass
-- changes nothing. For faultline_runner, which calls it every second, and faultline_operator.
--   max     at most so many (1 to 10 000)
--   floor   a token of advance_floor: where the walk may start
--   sweep   false: only what something told it to look at. true: also all that is not settled and that nothing told it of,
--           as after a partial restore; that takes about 3 s for a million
-- Locks the transactions it settles, skips those that others hold. Errors: FL004.
create function faultline.reconcile(max int default 1000, floor text default null, sweep boolean default true)
returns table (transaction_id text, from_state text, to_state text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set jit = off
as $$
#variable_conflict use_column
declare
  now_ timestamptz := pg_catalog.clock_timestamp();
  lowest constant timestamptz := coalesce((faultline._read_floor(floor, now_) ->> 'due')::timestamptz, '-infinity');
  most constant int := coalesce(reconcile.max, 1000);
  candidates text[];
  moved text[];
  t faultline.transactions;
begin
  if most not between 1 and 10000 then
    perform faultline._invalid(pg_catalog.format('max %s is out of bounds', reconcile.max), 'It lies between 1 and 10000');
  end if;
  candidates := array(
    select d.transaction_id
    from faultline.transactions d
    where d.due_at >= lowest and d.due_at <= now_
    order by d.due_at
    limit most);
  if coalesce(reconcile.sweep, true) then
    candidates := candidates || array(select s from faultline._unsettled(most - pg_catalog.cardinality(candidates)) s limit most - pg_catalog.cardinality(candidates));
  end if;
  if pg_catalog.cardinality(candidates) = 0 then
    return;
  end if;
  -- By its xid a caller sees that there was something to settle, although others may hold all of it.
  perform pg_catalog.pg_current_xact_id();
  -- Nearly all are APPLIED, with their entry, by a job that is over: those in one statement. It does not say state =
  -- 'APPLIED', which would be the predicate of an index.
  with settled as (
    update faultline.transactions x
    set state = 'RECONCILED', settled_at = now_, due_at = null
    where x.ctid = any (array(
      select c.ctid
      from faultline.transactions c
      where c.transaction_id = any (candidates) and c.state <> 'INIT' and c.settled_at is null and c.job_state is not null
        and (select true from faultline.ledger_entries e where e.transaction_id = c.transaction_id)
      for no key update of c skip locked))
    returning x.transaction_id
  )
  select pg_catalog.array_agg(s.transaction_id) into moved from settled s;
  if moved is not null then
    return query select m.id, 'APPLIED', 'RECONCILED' from unnest(moved) as m (id);
    candidates := array(select c.id from unnest(candidates) as c (id) except select m.id from unnest(moved) as m (id));
  end if;
  foreach transaction_id in array candidates loop
    select * into t from faultline.transactions x where x.transaction_id = reconcile.transaction_id for no key update skip locked;
    continue when not found;
    from_state := t.state;
    to_state := faultline._settle(t);
    if to_state is not null then
      return next;
    end if;
  end loop;
end
$$;
comment on function faultline.reconcile(int, text, boolean) is 'Settles transactions whose outcome is known; a row for each that moved: (transaction_id, from_state, to_state).';
grant execute on function faultline.reconcile(int, text, boolean) to faultline_runner, faultline_operator;
