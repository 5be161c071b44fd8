-- The balance of an account: what was posted to it, added up. An account that was never used is at 0. For
-- faultline_runner and faultline_observer. Locks nothing: to decide by it, give the account a floor (set_account).
--   currency   may be left out for an account that has one currency
-- Errors: FL004 the account has several currencies and none is named.
create function faultline.account_balance(account text, currency text default null)
returns numeric
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_variable
declare
  currencies text[];
begin
  perform faultline._check_name('account', account);
  if currency is null then
    -- From one to the next: an account may have millions of postings.
    with recursive used (currency) as (
      (select p.currency from faultline.postings p where p.account = account_balance.account order by p.currency limit 1)
      union all
      select (
        select p.currency
        from faultline.postings p
        where p.account = account_balance.account and p.currency > u.currency
        order by p.currency
        limit 1)
      from used u
      where u.currency is not null
    )
    select pg_catalog.array_agg(u.currency) into currencies from used u where u.currency is not null;
    if pg_catalog.cardinality(currencies) > 1 then
      perform faultline._invalid(
        pg_catalog.format('account %s has balances in %s', account, pg_catalog.array_to_string(currencies, ', ')), 'Name the currency');
    end if;
    currency := currencies[1];
  end if;
  return faultline._balance(account, currency);
end
$$;
comment on function faultline.account_balance(text, text) is 'The balance of an account, in its only currency or the one that is named.';
grant execute on function faultline.account_balance(text, text) to faultline_runner, faultline_observer;
