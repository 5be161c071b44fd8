\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- completing says that the job is completed next, in the same transaction: then nothing need be told of it twice.
select at_work('a'), at_work('b');
select is((created, entry_id = (entry('a')).entry_id), (true, true), 'written') from faultline._apply(id('a'), 1, 'a', '{}', null, false);
select is((created, entry_id = (entry('b')).entry_id), (true, true), 'written') from faultline._apply(id('b'), 1, 'b', '{}', null, true);
select is((stands('a'), state_of('a')), ('APPLIED'::text, 'running'::text), 'the job goes on: reconcile has nothing to do');
select is((stands('b'), state_of('b')), ('APPLIED succeeded due'::text, 'running'::text), 'the job is completed next: reconcile is told, by whoever completes it');
select ok((transaction('b')).due_at > now(), 'due by the clock, not since its transaction began');
select repeats($$select * from faultline._apply(id('b'), 1, 'b', '{}', null, true)$$, (entry('b')).entry_id || ',f', 'again: the same entry');

-- An attempt that has completed its job gets the entry with which it ended.
select at_work(n) from unnest(array['c', 'd']) n;
select faultline.apply_and_complete(id(n), 1, n, null) from unnest(array['c', 'd']) n;
select repeats($$select * from faultline._apply(id('c'), 1, 'c', '{}', null, false)$$, (entry('c')).entry_id || ',f', 'when its job is completed: the same entry');
-- Also of another job's transaction, if the request is the same: that is how a duplicate ends.
select id('c') as c, id('d') as d, faultline.enqueue('t', '{"name": "c"}', 'dup') as dup, faultline.enqueue('other', '{"name": "c"}', 'dup') as other \gset
select faultline.complete_job(job_id, 1) from faultline.claim_job('dup', runner(1), 2);
select repeats(format('select * from faultline._apply(%s, 1, ''c'', ''{}'', null, false)', :dup), (entry('c')).entry_id || ',f', 'a duplicate that is completed: the entry of the other job');
select refuses(format('select faultline._apply(%s, 1, ''c'', ''{}'', null, false)', j), 'FL002', format('attempt 1 of job %s has ended, and not with transaction ''c''', j), what)
from (values (:other, 'not one of another type'), (:d, 'not one with another request, which has its own transaction')) v (j, what);

-- Nothing may be open outside.
select at_work('sent'), outside('sent', 'SENT'), outside('sent', 'SENT', 'mail');
select refuses($$select faultline._apply(id('sent'), 1, 'sent', '{}', null, false)$$, 'FL003', 'effect charge of transaction ''sent'' was sent, and its outcome is not settled', 'two effects were sent: one of them is told');

select * from finish();
rollback;
