\ir ../../support/operating.sql
select * from no_plan();

select healthy('every guard is in force');

-- Takes a guard away and asks; each time in a transaction that is rolled back.
create function tap.without(statement text) returns text[] language plpgsql
as $$
declare
  said text[];
begin
  begin
    execute statement;
    said := array(select v from tap.violations() v order by v);
    raise exception using errcode = 'ZZ000';
  exception when sqlstate 'ZZ000' then
    return said;
  end;
end
$$;

create table tap.guards as
select * from (values
  (1, 'constraint', 'jobs_live_pkey', 'jobs_live'),
  (1, 'constraint', 'jobs_done_pkey', 'jobs_done'),
  (1, 'constraint', 'payloads_pkey', 'payloads'),
  (1, 'trigger', 'payloads_append_only', 'payloads'),
  (2, 'constraint', 'jobs_live_lease', 'jobs_live'),
  (2, 'constraint', 'jobs_live_state', 'jobs_live'),
  (2, 'constraint', 'jobs_done_move', 'jobs_done'),
  (2, 'trigger', 'jobs_live_born', 'jobs_live'),
  (3, 'trigger', 'jobs_live_moves', 'jobs_live'),
  (3, 'constraint', 'jobs_live_attempt', 'jobs_live'),
  (4, 'trigger', 'jobs_done_append_only', 'jobs_done'),
  (4, 'trigger', 'job_events_append_only', 'job_events'),
  (5, 'constraint', 'jobs_live_failures', 'jobs_live'),
  (6, 'constraint', 'idempotency_keys_pkey', 'idempotency_keys'),
  (7, 'constraint', 'ledger_entries_transaction', 'ledger_entries'),
  (7, 'constraint', 'ledger_entries_job', 'ledger_entries'),
  (7, 'trigger', 'ledger_entries_append_only', 'ledger_entries'),
  (7, 'trigger', 'ledger_entries_not_truncated', 'ledger_entries'),
  (7, 'constraint', 'postings_amount', 'postings'),
  (7, 'trigger', 'postings_balanced', 'postings'),
  (7, 'trigger', 'postings_append_only', 'postings'),
  (7, 'trigger', 'postings_not_truncated', 'postings'),
  (7, 'constraint', 'effects_state', 'effects'),
  (7, 'constraint', 'effects_sent', 'effects'),
  (7, 'constraint', 'effects_settled', 'effects'),
  (7, 'constraint', 'effects_pkey', 'effects'),
  (7, 'constraint', 'effects_key', 'effects'),
  (7, 'trigger', 'effects_born', 'effects'),
  (7, 'trigger', 'effects_moves', 'effects'),
  (7, 'trigger', 'effects_stay', 'effects'),
  (7, 'trigger', 'effects_not_truncated', 'effects'),
  (8, 'constraint', 'transactions_pkey', 'transactions'),
  (8, 'constraint', 'transactions_state', 'transactions'),
  (8, 'constraint', 'transactions_reason', 'transactions'),
  (8, 'trigger', 'transactions_born', 'transactions'),
  (8, 'trigger', 'transactions_moves', 'transactions'),
  (8, 'trigger', 'transactions_stay', 'transactions'),
  (8, 'trigger', 'transactions_not_truncated', 'transactions'),
  (9, 'constraint', 'transactions_job', 'transactions'),
  (9, 'constraint', 'transactions_settled', 'transactions'),
  (9, 'index', 'transactions_due', 'transactions'),
  (12, 'index', 'jobs_live_ready', 'jobs_live'),
  (12, 'index', 'jobs_live_lease', 'jobs_live'),
  (12, 'index', 'jobs_live_running', 'jobs_live')
) as g (promise, what, name, relation);

select is(
  without(case what
    when 'constraint' then format('alter table faultline.%I drop constraint %I cascade', relation, name)
    when 'trigger' then format('drop trigger %I on faultline.%I', name, relation)
    else format('drop index faultline.%I', name) end),
  array[format('%s guard_missing: %s %s: table %s has no such %s, or it is not in force', promise, what, name, relation, what)],
  format('%s %s is gone', what, name))
from tap.guards;
select is(
  without(format('alter table faultline.%I disable trigger %I', relation, name)),
  array[format('%s guard_missing: %s %s: table %s has no such %s, or it is not in force', promise, what, name, relation, what)],
  format('%s %s is disabled', what, name))
from tap.guards where what = 'trigger';
select is(
  without(format('alter table faultline.%I enable replica trigger %I', relation, name)),
  array[format('%s guard_missing: %s %s: table %s has no such %s, or it is not in force', promise, what, name, relation, what)],
  format('%s %s works on replicas alone', what, name))
from tap.guards where what = 'trigger';
select is(without(format('alter table faultline.%I enable always trigger %I', relation, name)), '{}', format('%s %s works always: right', what, name))
from tap.guards where what = 'trigger';
select is(
  without(format('alter table faultline.jobs_live drop constraint %I; alter table faultline.jobs_live add constraint %I check (job_id > 0) not valid', name, name)),
  array[format('%s guard_missing: %s %s: table %s has no such %s, or it is not in force', promise, what, name, relation, what)],
  format('%s %s was never validated', what, name))
from tap.guards where what = 'constraint' and relation = 'jobs_live' and name !~ 'pkey';
select is(
  without(format('update pg_index set indisvalid = false where indexrelid = ''faultline.%I''::regclass', name)),
  array[format('%s guard_missing: %s %s: table %s has no such %s, or it is not in force', promise, what, name, relation, what)],
  format('%s %s is invalid, as CREATE INDEX CONCURRENTLY leaves one behind that failed', what, name))
from tap.guards where what = 'index';
select healthy('every guard is back');

select * from finish();
