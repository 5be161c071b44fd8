-- What has happened has happened: no UPDATE, no DELETE, no TRUNCATE, even by a function's mistake.
create trigger ledger_entries_append_only
before update or delete on faultline.ledger_entries
for each row execute function faultline._refuse_change();

create trigger ledger_entries_not_truncated
before truncate on faultline.ledger_entries
for each statement execute function faultline._refuse_change();

create trigger postings_append_only
before update or delete on faultline.postings
for each row execute function faultline._refuse_change();

create trigger postings_not_truncated
before truncate on faultline.postings
for each statement execute function faultline._refuse_change();
