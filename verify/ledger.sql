-- Verify faultline:ledger on pg

select transaction_id, kind, request, request_hash, options, job_id, job_state, state, reason, created_at, due_at, settled_at from faultline.transactions where false;
select transaction_id, name, key, request, state, attempt, response, answer, asks, sent_at, unknown_since, ask_at, settled_at from faultline.effects where false;
select entry_id, transaction_id, job_id, attempt, effect, applied_at from faultline.ledger_entries where false;
select posting_id, entry_id, account, currency, amount from faultline.postings where false;
select account, currency, floor from faultline.accounts where false;
select account, currency, balance from faultline.account_checkpoints where false;
select folded_to, next_to, next_xid from faultline.ledger_checkpoint where false;
