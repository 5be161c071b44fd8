\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- completing says that the job is completed next, in the same transaction: then nothing need be told of it twice.
select at_work('a'), at_work('b');
select is((created, entry_id = (entry('a')).entry_id), (true, true), 'written') from faultline._apply(id('a'), 1, 'a', '{}', null, false);
select is((created, entry_id = (entry('b')).entry_id), (true, true), 'written') from faultline._apply(id('b'), 1, 'b', '{}', null, true);
select is((stands('a'), state_of('a')), ('APPLIED'::text, 'running'::text), 'the job goes on: reconcile has nothing to do');
select is((stands('b'), state_of('b')), ('APPLIED succeeded due'::text, 'running'::text), 'the job is completed next: reconcile is told, by whoever completes it');
select repeats($$select * from faultline._apply(id('b'), 1, 'b', '{}', null, true)$$, (entry('b')).entry_id || ',f', 'again: the same entry');

select * from finish();
rollback;
