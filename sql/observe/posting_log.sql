-- Every posting, with its transaction and when it was applied. For faultline_observer.
create view faultline.posting_log as
select p.posting_id, p.entry_id, e.transaction_id, e.job_id, p.account, p.amount, p.currency, e.applied_at
from faultline.postings p
join faultline.ledger_entries e on e.entry_id = p.entry_id;
comment on view faultline.posting_log is 'Every posting of the double entry, with the transaction it belongs to.';
grant select on faultline.posting_log to faultline_observer;
