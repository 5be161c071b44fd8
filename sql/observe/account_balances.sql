-- Every account that was ever posted to or has a floor: its balance, and its floor. For faultline_observer. The checkpoints
-- and what was posted since: maintain() keeps that short.
create view faultline.account_balances as
select b.account, b.currency, sum(b.amount) as balance, max(b.floor) as floor
from (
  select c.account, c.currency, c.balance as amount, null::numeric as floor from faultline.account_checkpoints c
  union all
  select p.account, p.currency, p.amount, null
  from faultline.postings p
  where p.posting_id > (select w.folded_to from faultline.ledger_checkpoint w)
  union all
  select a.account, a.currency, 0, a.floor from faultline.accounts a
) b
group by b.account, b.currency;
comment on view faultline.account_balances is 'Every account: its balance in each currency, and its floor.';
grant select on faultline.account_balances to faultline_observer;
