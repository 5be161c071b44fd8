\ir ../../support/ledger.sql
begin;
select * from no_plan();

select at_work('a'), outside('a', 'SENT'), outside('a', 'INIT', 'mail'), at_work('b'), outside('b', 'SENT'), outside('b', 'ABSENT', 'mail');
select is(faultline._lock_effect(id('a'), 1, 'a', n), effect('a', n), 'the effect ' || n) from unnest(array['charge', 'mail']) n;
select refuses($$select faultline._lock_effect(id('a'), 1, 'a', 'other')$$, 'FL005', format('transaction ''a'' of job %s has no effect other', id('a')), 'one that was not begun');
select refuses($$select faultline._lock_effect(id('a'), 1, 'b', 'charge')$$, 'FL002', format('transaction ''b'' stands for job %s, which has another kind or request', id('b')), 'not one of another job''s');
select refuses($$select faultline._lock_effect(id('a'), 2, 'a', 'charge')$$, 'FL001', format('attempt 2 of job %s may not apply it: the job is running at attempt 1', id('a')), 'not for an attempt that is not running');
select refuses($$select faultline._lock_effect(id('a'), 1, null, 'charge')$$, 'FL004', 'the transaction id is NULL', 'without a transaction');
select refuses($$select faultline._lock_effect(id('a'), 1, 'a', 'a b')$$, 'FL004', 'effect ''a b'' is not a name', 'or a name');
-- A duplicate of the transaction's own job has no effects.
select faultline.enqueue('t', '{"name": "a"}', 'dup') as dup \gset
select count(*) from faultline.claim_job('dup', runner(1));
select refuses(format('select faultline._lock_effect(%s, 1, ''a'', ''charge'')', :dup), 'FL005', format('transaction ''a'' of job %s has no effect charge', :dup), 'a duplicate has none');
select faultline.cancel_job(:dup), faultline.cancelled(:dup, 1);
-- After the attempt has completed its job.
select settled, faultline.complete_job(id('b'), 1) from faultline.settle_effect(id('b'), 1, 'b', 'charge', 'APPLIED') settled;
select is(faultline._lock_effect(id('b'), 1, 'b', n), effect('b', n), 'what was said of ' || n || ' stands when the job is completed') from unnest(array['charge', 'mail']) n;
select refuses($$select faultline._lock_effect(id('b'), 1, 'b', 'other')$$, 'FL001', format('attempt 1 of job %s may not apply it: the job is succeeded at attempt 1', id('b')), 'of others nothing was said');
select refuses($$select faultline._lock_effect(id('b'), 1, 'a', 'charge')$$, 'FL001', format('attempt 1 of job %s may not apply it: the job is succeeded at attempt 1', id('b')), 'but it is that of its own transaction alone');
select at_work('d'), outside('d', 'INIT'), faultline.fail_transaction('d', 'r');
select refuses($$select faultline._lock_effect(id('d'), 1, 'd', 'charge')$$, 'FL006', 'transaction ''d'' has failed: r', 'not of a transaction that has failed');

select * from finish();
rollback;
