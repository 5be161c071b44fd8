\ir ../../support/ledger.sql
-- What it locks, and how, in a transaction of its own; and what it does to other rows.
select * from no_plan();
create extension pgrowlocks schema public;
create function tap.locked() returns text language sql as $$
select string_agg(t.transaction_id || ' ' || array_to_string(l.modes, ' and '), ', ' order by t.transaction_id)
from pgrowlocks('faultline.transactions') l join faultline.transactions t on t.ctid = l.locked_row
$$;
select at_work('a'), at_work('b') \g /dev/null

begin;
select (faultline._lock_transaction(live('b'), 'b')).state \g /dev/null
select is(locked(), 'b For No Key Update', 'that transaction, so that who only refers to it waits for nobody');
commit;

select * from finish();
