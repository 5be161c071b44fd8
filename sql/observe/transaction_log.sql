-- Every transaction, with its entry if there is one. For faultline_observer.
create view faultline.transaction_log as
select
  t.transaction_id, t.kind, t.state, t.reason, t.job_id, t.job_state, t.request, t.created_at, t.settled_at, e.entry_id,
  e.attempt, e.effect, e.applied_at
from faultline.transactions t
left join faultline.ledger_entries e on e.transaction_id = t.transaction_id;
comment on view faultline.transaction_log is 'Every transaction of the ledger: what it is, how far it is, and its entry.';
grant select on faultline.transaction_log to faultline_observer;
