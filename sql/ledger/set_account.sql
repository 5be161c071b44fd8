-- Gives an account a floor, below which no posting may take its balance in a currency; NULL: none. Returns the balance.
-- For faultline_operator. Repeated, it changes nothing. Exact: it waits, 5 s at most, for whoever is debiting the account.
-- Errors: FL004; FL008 the balance is below the floor already; 55P03 someone kept debiting it for more than 5 s.
create function faultline.set_account(account text, currency text, floor numeric)
returns numeric
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set lock_timeout = '5s'
as $$
#variable_conflict use_variable
declare
  before numeric;
  balance numeric;
begin
  perform faultline._check_name('account', account);
  perform faultline._check_name('currency', currency);
  if floor is not null then
    perform faultline._check_amount('floor', pg_catalog.to_jsonb(floor));
  end if;
  perform faultline._check_isolation('set_account');
  perform pg_catalog.pg_advisory_xact_lock(1181838445, faultline._account_bucket(account, currency));
  select a.floor into before
  from faultline.accounts a
  where a.account = set_account.account and a.currency = set_account.currency;
  balance := faultline._balance(account, currency);
  if balance < floor then
    raise exception using
      errcode = 'FL008',
      message = pg_catalog.format('account %s is at %s %s, below a floor of %s', account, balance, currency, floor),
      hint = 'Choose a floor at the balance or below it';
  end if;
  if before is not distinct from floor then
    return balance;
  end if;
  if floor is null then
    delete from faultline.accounts a where a.account = set_account.account and a.currency = set_account.currency;
  else
    insert into faultline.accounts as a (account, currency, floor) values (account, currency, floor)
    on conflict on constraint accounts_pkey do update set floor = excluded.floor;
  end if;
  perform faultline._record(null, null, 'set_account', null, pg_catalog.jsonb_build_object('account', account, 'currency', currency, 'floor', floor));
  return balance;
end
$$;
comment on function faultline.set_account(text, text, numeric) is 'Gives an account a floor in a currency, or takes it away (NULL); returns its balance.';
grant execute on function faultline.set_account(text, text, numeric) to faultline_operator;
