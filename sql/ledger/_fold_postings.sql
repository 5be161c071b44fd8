-- Adds what was posted to the checkpoints of the accounts, at most so many postings, and returns how many. A posting counts
-- only once no transaction is left that could still commit one with a smaller number: whoever posts has an xid before it
-- draws the number, so the number read before this call's own xid is safe as soon as a snapshot's xmin has passed that.
-- In a transaction that has its xid already the order would be the wrong one: then no new target is set.
-- The caller holds maintain's lock: one at a time. A session keeps the plans of when there were few postings, which
-- without the SET clauses are scans of all of them.
create function faultline._fold_postings(max int)
returns bigint
language plpgsql
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_variable
declare
  w faultline.ledger_checkpoint;
  first_here constant boolean := pg_catalog.pg_current_xact_id_if_assigned() is null;
  drawn constant bigint := (select case when s.is_called then s.last_value else 0 end from faultline.postings_posting_id_seq s);
  own xid8;
  upto bigint;
  folded bigint := 0;
begin
  own := pg_catalog.pg_current_xact_id();
  select * into w from faultline.ledger_checkpoint;
  if w.next_to > w.folded_to and pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) >= w.next_xid then
    upto := (
      select max(p.posting_id)
      from (
        select p.posting_id
        from faultline.postings p
        where p.posting_id > w.folded_to and p.posting_id <= w.next_to
        order by p.posting_id
        limit _fold_postings.max
      ) p);
    with added as (
      select p.account, p.currency, sum(p.amount) as amount, count(*) as n
      from faultline.postings p
      where p.posting_id > w.folded_to and p.posting_id <= upto
      group by p.account, p.currency
    ), written as (
      insert into faultline.account_checkpoints as c (account, currency, balance)
      select a.account, a.currency, a.amount from added a
      on conflict (account, currency) do update set balance = c.balance + excluded.balance
    )
    select coalesce(sum(a.n), 0) into folded from added a;
    update faultline.ledger_checkpoint set folded_to = coalesce(upto, w.next_to);
    w.folded_to := coalesce(upto, w.next_to);
  end if;
  -- A new target once the last is reached; also where xids went back (a restore into another cluster).
  if first_here and drawn > w.folded_to and (w.next_to is null or w.next_to <= w.folded_to or w.next_xid > own) then
    update faultline.ledger_checkpoint set next_to = drawn, next_xid = own;
  end if;
  return folded;
end
$$;
comment on function faultline._fold_postings(int) is 'Private: adds what was posted to the checkpoints of the accounts; returns how many postings.';
