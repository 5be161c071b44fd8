\ir ../../support/ledger.sql
-- In transactions of their own.
select * from no_plan();
select at_work(n) from unnest(array['a', 'b']) n \g /dev/null
select created from faultline.apply_and_complete(id('a'), 1, 'a', '{}') \g /dev/null

-- Whoever repeats what has ended locks nothing: it waits for nobody, reconcile least of all.
begin;
select r.entry_id, r.created, pg_current_xact_id_if_assigned() is not null as locked from faultline._apply(id('a'), 1, 'a', '{}', null, true) r \gset
commit;
select is((:entry_id::bigint, :'created'::bool, :'locked'::bool), ((entry('a')).entry_id, false, false), 'its job is completed: the same entry, and no lock');

begin isolation level repeatable read;
select refuses($$select faultline._apply(id('b'), 1, 'b', '{}', posts('x -1 EUR', 'y 1 EUR'), false)$$, 'FL004', 'posting does not work in a transaction that is REPEATABLE READ', 'postings want READ COMMITTED');
select is(created, true, 'an entry without them does not') from faultline._apply(id('b'), 1, 'b', '{}', null, false);
commit;

select * from finish();
