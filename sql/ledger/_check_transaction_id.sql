-- Raises FL004 unless the value can name a transaction: 1 to 255 characters.
create function faultline._check_transaction_id(transaction_id text)
returns void
language plpgsql
as $$
begin
  if transaction_id is null or pg_catalog.length(transaction_id) not between 1 and 255 then
    perform faultline._invalid(
      case when transaction_id is null then 'the transaction id is NULL'
        else pg_catalog.format('the transaction id has %s characters', pg_catalog.length(transaction_id)) end,
      'It has 1 to 255');
  end if;
end
$$;
comment on function faultline._check_transaction_id(text) is 'Private: raises FL004 unless the value can name a transaction.';
