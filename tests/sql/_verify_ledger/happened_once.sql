\ir ../../support/ledger.sql
select * from no_plan();

-- Promise 7, each violation planted as no function could: exactly that row is said.
create function tap.planted(statement text) returns text[] language plpgsql
as $$
declare
  said text[];
begin
  begin
    set local session_replication_role = replica;
    execute statement;
    set local session_replication_role = origin;
    said := array(select v from tap.violations() v order by v);
    raise exception using errcode = 'ZZ000';
  exception when sqlstate 'ZZ000' then
    return said;
  end;
end
$$;
select submitted('init'), applied('applied', 'a -5 EUR', 'b 5 EUR'), moved('done', 'a -1 USD', 'b 1 USD'), moved('old', 'a -1 EUR', 'b 1 EUR') \g /dev/null
select reconciled() \g /dev/null
select faultline.maintain() \g /dev/null
select faultline.maintain() \g /dev/null
select moved('new', 'a -2 EUR', 'b 2 EUR'), faultline.set_account('b', 'EUR', 3) \g /dev/null
select healthy('transactions in every state, some postings in the checkpoints');
select (entry('applied')).entry_id as entry, (entry('done')).entry_id as done, (entry('new')).entry_id as new, (select max(posting_id) from faultline.postings) as last \gset

select is(planted(format('delete from faultline.postings where entry_id = %1$s; delete from faultline.ledger_entries where entry_id = %1$s', :new)),
  '{"7 applied_without_entry: transaction ''new'': it is APPLIED and has no entry","7 below_floor: account b in EUR: it is at 6, its floor is 7"}', 'no entry (nor its postings)') from (select faultline.set_account('b', 'EUR', 7)) s;
select faultline.set_account('b', 'EUR', 3) \g /dev/null
select is(planted($$insert into faultline.transactions (transaction_id, kind, request, request_hash, job_id, created_at, state, settled_at) values ('x', 't', '{}', 1, -1, now(), 'RECONCILED', now())$$),
  '{"7 applied_without_entry: transaction ''x'': it is RECONCILED and has no entry"}', 'RECONCILED without an entry');
select is(planted($$insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at) values ('x', -1, 1, '{}', now())$$),
  array[format('7 entry_without_transaction: entry %s: there is no transaction ''x''', (select last_value from faultline.ledger_entries_entry_id_seq))], 'an entry without a transaction');
select submitted('other') as other \gset
select is(planted(format('update faultline.ledger_entries set job_id = %s where entry_id = %s', :other, :done)),
  array[format('7 entry_of_other_job: entry %s: it is that of job %s, but transaction ''done'' is that of job %s', :done, :other, id('done'))], 'an entry of another''s job');
select is(planted(format('update faultline.ledger_entries set job_id = -7 where entry_id = %s', :done)), '{}', 'one of its own earlier job, before reconcile gave it another, is none');
select is(planted(format($$insert into faultline.effects (transaction_id, name, key, request, request_hash, state, attempt, created_at, sent_at) values ('done', 'charge', 'k', '{}', 1, 'SENT', 1, now(), now())$$)),
  array[format('7 entry_with_open_effect: entry %s: effect charge of transaction ''done'' is SENT, and nobody will ask for it', :done)], 'an effect that was left open');
select is(planted(format($$alter table faultline.ledger_entries drop constraint ledger_entries_job, drop constraint ledger_entries_transaction;
  insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at) select transaction_id, job_id, 2, '{}', applied_at from faultline.ledger_entries where entry_id = %s$$, :done)),
  array['7 entered_twice: job ' || id('done') || ': it has 2 entries', '7 entered_twice: transaction ''done'': it has 2 entries',
        '7 guard_missing: constraint ledger_entries_job: table ledger_entries has no such constraint, or it is not in force', '7 guard_missing: constraint ledger_entries_transaction: table ledger_entries has no such constraint, or it is not in force'],
  'an entry that is there twice, and what has to hold that off is not');
select is(planted(format($$insert into faultline.postings (entry_id, account, currency, amount) values (%s, 'c', 'CHF', 0.01)$$, :entry)),
  array[format('7 unbalanced_entry: entry %s: its postings in CHF add up to 0.01', :entry)], 'an entry that does not balance');
select is(planted(format($$insert into faultline.postings (entry_id, account, currency, amount) values (%1$s, 'c', 'CHF', 1), (%1$s, 'c', 'SEK', -1)$$, :entry)),
  array[format('7 unbalanced_entry: entry %s: its postings in CHF add up to 1', :entry), format('7 unbalanced_entry: entry %s: its postings in SEK add up to -1', :entry)], 'in each currency');
select is(planted($$insert into faultline.postings (posting_id, entry_id, account, currency, amount) overriding system value values (4242, -1, 'c', 'CHF', 1), (4243, -1, 'd', 'CHF', -1)$$),
  '{"7 posting_without_entry: posting 4242: there is no entry -1","7 posting_without_entry: posting 4243: there is no entry -1"}', 'postings without an entry');
-- Balances that don't equal their postings: a checkpoint that is wrong, that is missing, that nobody has posted to; a posting that came in below.
select is(planted($$update faultline.account_checkpoints set balance = balance + 1 where account = 'a' and currency = 'USD'$$),
  '{"7 balance_wrong: account a in USD: its checkpoint says 0, its postings up to there add up to -1"}', 'a checkpoint that is wrong');
select is(planted($$delete from faultline.account_checkpoints where account = 'a' and currency = 'USD'$$),
  '{"7 balance_wrong: account a in USD: its checkpoint says 0, its postings up to there add up to -1"}', 'one that is missing');
select is(planted($$insert into faultline.account_checkpoints values ('nobody', 'EUR', 3)$$),
  '{"7 balance_wrong: account nobody in EUR: its checkpoint says 3, its postings up to there add up to 0"}', 'one of an account without postings');
select is(planted($$insert into faultline.account_checkpoints values ('nobody', 'EUR', 0)$$), '{}', 'unless it is at 0');
select is(planted(format('update faultline.ledger_checkpoint set folded_to = %s', :last)),
  '{"7 balance_wrong: account a in EUR: its checkpoint says -6, its postings up to there add up to -8","7 balance_wrong: account b in EUR: its checkpoint says 6, its postings up to there add up to 8"}', 'postings that were passed over') from (select faultline.set_account('b', 'EUR', null)) s;
select is(planted($$insert into faultline.accounts values ('a', 'EUR', -7.5), ('a', 'USD', -1), ('nobody', 'EUR', 0.5)$$),
  '{"7 below_floor: account a in EUR: it is at -8, its floor is -7.5","7 below_floor: account nobody in EUR: it is at 0, its floor is 0.5"}', 'accounts below their floor, one at it');
select healthy('all of it is as it was');

select * from finish();
