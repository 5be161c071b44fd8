-- Sixteen advisory locks for all accounts: one for each account could exhaust the server's lock table.
create function faultline._account_bucket(account text, currency text)
returns int
language sql immutable
as $$
select pg_catalog.hashtext(currency || ' ' || account) & 15
$$;
comment on function faultline._account_bucket(text, text) is 'Private: the advisory lock under which debits of an account wait for a change of its floor.';
