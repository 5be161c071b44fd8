-- The balance of an account: its checkpoint, and what was posted since. One statement, one snapshot.
create function faultline._balance(account text, currency text)
returns numeric
language plpgsql stable
as $$
#variable_conflict use_variable
begin
  return (
    select coalesce((
        select c.balance
        from faultline.account_checkpoints c
        where c.account = _balance.account and c.currency = _balance.currency), 0)
      + coalesce((
        select sum(p.amount)
        from faultline.postings p
        where p.account = _balance.account and p.currency = _balance.currency and p.posting_id > w.folded_to), 0)
    from faultline.ledger_checkpoint w);
end
$$;
comment on function faultline._balance(text, text) is 'Private: the balance of an account.';
