-- Writes the postings of a new entry; they have been checked: at least one debits. What is debited must stay at its floor
-- or above.
-- A balance is exact only under locks: first the bucket of each debited account, shared, so that set_account waits for
-- whoever debits an account that has no floor yet; then the rows of those that have one, in the order of their names. The
-- balance is read in the next statement, which sees what the holders of those locks have done, if it is READ COMMITTED:
-- any other isolation is refused, its snapshot is older than the locks.
create function faultline._post(entry_id bigint, postings jsonb)
returns void
language plpgsql
as $$
#variable_conflict use_variable
declare
  accounts text[];
  currencies text[];
  floor_ numeric;
  floors numeric[] := '{}'::numeric[];
  balance numeric;
begin
  perform faultline._check_isolation('posting');
  insert into faultline.postings (entry_id, account, currency, amount)
  select _post.entry_id, p.account, p.currency, p.amount
  from pg_catalog.jsonb_to_recordset(postings) as p (account text, currency text, amount numeric);

  select pg_catalog.array_agg(d.account), pg_catalog.array_agg(d.currency) into accounts, currencies
  from (
    select distinct p.account, p.currency
    from pg_catalog.jsonb_to_recordset(postings) as p (account text, currency text, amount numeric)
    where p.amount < 0
    order by 1, 2
  ) d;
  perform pg_catalog.pg_advisory_xact_lock_shared(1181838445, b.bucket)
  from (
    select distinct faultline._account_bucket(d.account, d.currency) as bucket
    from unnest(accounts, currencies) as d (account, currency)
    order by 1
  ) b;
  for i in 1..pg_catalog.cardinality(accounts) loop
    select a.floor into floor_ from faultline.accounts a where a.account = accounts[i] and a.currency = currencies[i] for no key update;
    floors := floors || floor_;
  end loop;
  for i in 1..pg_catalog.cardinality(accounts) loop
    continue when floors[i] is null;
    balance := faultline._balance(accounts[i], currencies[i]);
    if balance < floors[i] then
      raise exception using
        errcode = 'FL008',
        message = pg_catalog.format('account %s would be at %s %s, below its floor of %s', accounts[i], balance, currencies[i], floors[i]),
        hint = 'Nothing was applied. Credit the account first, or lower its floor with set_account.';
    end if;
  end loop;
end
$$;
comment on function faultline._post(bigint, jsonb) is 'Private: writes the postings of an entry; raises FL008 if an account would go below its floor.';
