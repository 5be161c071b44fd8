-- Raises FL002: the transaction id stands for other work.
create function faultline._other_request(t faultline.transactions)
returns void
language plpgsql
as $$
begin
  raise exception using
    errcode = 'FL002',
    message = pg_catalog.format('transaction %L stands for job %s, which has another kind or request', t.transaction_id, t.job_id),
    hint = 'The same id wants the same kind and request: use a new id for new work.';
end
$$;
comment on function faultline._other_request(faultline.transactions) is 'Private: raises FL002 for a transaction.';
