-- Effects whose outcome somebody has to find out, because the job is over and the request may have arrived: at most max of
-- those with these names, NULL: of all. Each is handed out once and again after a wait that grows from 10 s to an hour, so
-- that of many runners one asks. Commit this before you ask, and answer with answer_effect: in one transaction the two
-- would lock effects and transactions in the wrong order. For faultline_runner and faultline_operator.
-- Locks the rows it returns, skips those that others hold. Errors: FL004.
create function faultline.effects_to_ask(names text[] default null, max int default 100)
returns table (transaction_id text, name text, key text, request jsonb, job_id bigint, attempt int, asks int)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
#variable_conflict use_column
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
begin
  if effects_to_ask.max not between 1 and 10000 then
    perform faultline._invalid(pg_catalog.format('max %s is out of bounds', effects_to_ask.max), 'It lies between 1 and 10000');
  end if;
  if not exists (select from faultline.effects e where e.ask_at is not null) then
    return;
  end if;
  -- = any (array[…]): for a plain = the planner would also consider walking all transactions.
  return query
  with asked as (
    update faultline.effects e
    set ask_at = now_ + least(interval '1 hour', interval '10 seconds' * 2 ^ least(e.asks, 10))
    where e.ctid = any (array(
      select c.ctid
      from faultline.effects c
      where c.ask_at <= now_ and (effects_to_ask.names is null or c.name = any (effects_to_ask.names))
      order by c.ask_at
      limit coalesce(effects_to_ask.max, 100)
      for no key update skip locked))
    returning e.*
  )
  select a.transaction_id, a.name, a.key, a.request, t.job_id, a.attempt, a.asks
  from asked a
  join faultline.transactions t on t.transaction_id = any (array[a.transaction_id]);
end
$$;
comment on function faultline.effects_to_ask(text[], int) is 'Hands out the effects whose outcome has to be asked for, because their job is over.';
grant execute on function faultline.effects_to_ask(text[], int) to faultline_runner, faultline_operator;
