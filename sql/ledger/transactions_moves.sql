-- The legal moves of a transaction, whoever writes: born INIT; INIT → APPLIED → RECONCILED, INIT → FAILED. What it is, its
-- id, kind and request, never changes; its job only while it is INIT; and it is never removed: a burnt id stays burnt.
-- Not in a WHEN clause: the server reads that anew for each statement, which took 15 µs of an update's 38; this takes 1.
create function faultline._refuse_transaction()
returns trigger
language plpgsql
as $$
begin
  if tg_op = 'UPDATE'
     and (
       new.state = old.state
       or (old.state = 'INIT' and new.state in ('APPLIED', 'FAILED'))
       or (old.state = 'APPLIED' and new.state = 'RECONCILED'))
     and new.transaction_id = old.transaction_id
     and new.kind = old.kind
     and new.request_hash = old.request_hash
     and new.request = old.request
     and (new.job_id = old.job_id or old.state = 'INIT')
     and (old.job_state is null or new.job_state is not distinct from old.job_state)
  then
    return new;
  end if;
  raise exception using
    errcode = 'FL003',
    message = case
      when tg_op = 'INSERT' then pg_catalog.format('transaction %L can not be born %s', new.transaction_id, new.state)
      when new.state <> old.state then pg_catalog.format('transaction %L can not go from %s to %s', old.transaction_id, old.state, new.state)
      else pg_catalog.format('what transaction %L is can not change', old.transaction_id)
    end,
    hint = 'INIT → APPLIED → RECONCILED, INIT → FAILED; id, kind and request stay as they were submitted.';
end
$$;
comment on function faultline._refuse_transaction() is 'Private: raises FL003 for a move of a transaction that is not legal.';

create trigger transactions_born
before insert on faultline.transactions
for each row
when (new.state <> 'INIT')
execute function faultline._refuse_transaction();

create trigger transactions_moves
before update on faultline.transactions
for each row execute function faultline._refuse_transaction();

create trigger transactions_stay
before delete on faultline.transactions
for each row execute function faultline._refuse_change();

create trigger transactions_not_truncated
before truncate on faultline.transactions
for each statement execute function faultline._refuse_change();
