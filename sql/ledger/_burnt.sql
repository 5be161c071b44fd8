-- Raises FL006: the transaction has failed, and its id can never be used again.
create function faultline._burnt(t faultline.transactions)
returns void
language plpgsql
as $$
begin
  raise exception using
    errcode = 'FL006',
    message = pg_catalog.format('transaction %L has failed: %s', t.transaction_id, t.reason),
    hint = 'Its id is burnt: nothing can apply it any more. Submit the work again under a new id.';
end
$$;
comment on function faultline._burnt(faultline.transactions) is 'Private: raises FL006.';
