\ir ../../support/ledger.sql
-- In transactions of their own.
select * from no_plan();
select at_work(n) from unnest(array['a', 'b']) n \g /dev/null
select created from faultline.apply_and_complete(id('a'), 1, 'a', '{}') \g /dev/null

-- Whoever repeats what has ended waits for nobody, reconcile least of all.
begin;
select repeats($$select * from faultline._apply(id('a'), 1, 'a', '{}', null, true)$$, (entry('a')).entry_id || ',f', 'its job is completed: the same entry');
select isnt(t.xmax, pg_current_xact_id()::xid, 'the transaction is not locked for that') from faultline.transactions t;
commit;

begin isolation level repeatable read;
select refuses($$select faultline._apply(id('b'), 1, 'b', '{}', posts('x -1 EUR', 'y 1 EUR'), false)$$, 'FL004', 'posting does not work in a transaction that is REPEATABLE READ', 'postings want READ COMMITTED');
select is(created, true, 'an entry without them does not') from faultline._apply(id('b'), 1, 'b', '{}', null, false);
commit;

select * from finish();
