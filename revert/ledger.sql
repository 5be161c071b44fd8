-- Revert faultline:ledger from pg

begin;

drop table faultline.ledger_checkpoint, faultline.account_checkpoints, faultline.accounts, faultline.postings,
  faultline.ledger_entries, faultline.effects, faultline.transactions;

commit;
