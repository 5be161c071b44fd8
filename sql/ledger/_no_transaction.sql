-- Raises FL005 (not found) for a transaction.
create function faultline._no_transaction(transaction_id text)
returns void
language plpgsql
as $$
begin
  raise exception using
    errcode = 'FL005', message = pg_catalog.format('there is no transaction %L', pg_catalog.left(transaction_id, 255)),
    hint = 'It was never submitted, and no job has applied it.';
end
$$;
comment on function faultline._no_transaction(text) is 'Private: raises FL005 for a transaction.';
