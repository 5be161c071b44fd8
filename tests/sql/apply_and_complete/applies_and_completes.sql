\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- The entry, its postings, and the job's success, in one.
select at_work('a');
create function tap.updates() returns bigint language sql volatile as $$ select pg_stat_get_xact_tuples_updated('faultline.transactions'::regclass) $$;
select updates() as before \gset
create temporary table answered as select * from faultline.apply_and_complete(id('a'), 1, 'a', '{"sent": true}', posts('alice -1 EUR', 'bob 1 EUR'), '{"sum": 3}');
select is(created, true, 'it is new') from answered;
select is((e.entry_id, e.job_id, e.attempt, e.effect), (a.entry_id, id('a'), 1, '{"sent": true}'::jsonb), 'the entry') from entry('a') e, answered a;
select is(count(*), 2::bigint, 'the postings') from faultline.postings;
select is((d.state, d.result), ('succeeded'::text, '{"sum": 3}'::jsonb), 'the job has succeeded, with its result') from done('a') d;
select is(stands('a'), 'APPLIED succeeded due', 'and reconcile has only to look once');
select is(updates() - :before, 1::bigint, 'for all of which its row is written once');
select repeats($$select entry_id, created from faultline.apply_and_complete(id('a'), 1, 'a', '{"sent": true}', posts('alice -1 EUR', 'bob 1 EUR'), '{"sum": 3}')$$, (select entry_id || ',f' from answered), 'again: the same entry, nothing is changed');
select repeats($$select entry_id, created from faultline.apply_and_complete(id('a'), 1, 'a', '{}', null, '{"sum": 4}')$$, (select entry_id || ',f' from answered), 'the first result stays');
select is(reconciled(), 'a APPLIED→RECONCILED', 'it does');
select repeats($$select entry_id, created from faultline.apply_and_complete(id('a'), 1, 'a', '{}')$$, (select entry_id || ',f' from answered), 'and the same answer then');

-- An earlier attempt has applied and died: the job is completed with what is there.
select applied('b') as entry \gset
select expired('b'), faultline.reap_expired(), claimed('b', 2);
select is((entry_id, created), (:entry::bigint, false), 'an entry of an earlier attempt is found') from faultline.apply_and_complete(id('b'), 2, 'b', '{}', null, '"second"');
select is(((done('b')).result, (done('b')).attempt, stands('b')), ('"second"'::jsonb, 2, 'APPLIED succeeded due'::text), 'and the job is completed with it');
select repeats($$select entry_id, created from faultline.apply_and_complete(id('b'), 2, 'b', '{}', null, '"second"')$$, :'entry' || ',f', 'again');
select refuses($$select * from faultline.apply_and_complete(id('b'), 1, 'b', '{}')$$, 'FL001', format('attempt 1 of job %s may not complete it: the job is succeeded at attempt 2', id('b')), 'the attempt that died may not complete');

-- A job of enqueue; no postings, no result.
select running('c');
select is(created, true, 'a transaction is made') from faultline.apply_and_complete(id('c'), 1, 'its own', null);
select is(((done('c')).result, stands('its own')), (null::jsonb, 'APPLIED succeeded due'::text), 'the job has no result');

-- Nothing of what is refused is left, neither entry nor completion.
select at_work('d'), at_work('stale'), job_ends('stale', 'queued'), claimed('stale', 2), at_work('burnt'), faultline.fail_transaction('burnt', 'r'), at_work('sent'), outside('sent', 'SENT');
select faultline.set_account('poor', 'EUR', 0);
select refuses('select * from faultline.apply_and_complete(' || arguments || ')', code, message, message)
from (values
  ($$id('d'), 1, 'd', '{}', posts('a 1 EUR')$$, 'FL004', 'the postings in EUR add up to 1'),
  ($$id('d'), 1, 'd', '{}', posts('poor -1 EUR', 'a 1 EUR')$$, 'FL008', 'account poor would be at -1 EUR, below its floor of 0'),
  ($$id('d'), 1, 'd', '{}', null, to_jsonb(repeat('x', 262143))$$, 'FL004', 'the result has 262145 bytes as text'),
  ($$id('d'), 1, 'd', '[]'$$, 'FL004', 'the effect is not an object but of type array'),
  ($$id('d'), 1, 'a', '{}'$$, 'FL002', format('transaction ''a'' stands for job %s, which has another kind or request', id('a'))),
  ($$id('stale'), 1, 'stale', '{}'$$, 'FL001', format('attempt 1 of job %s may not apply it: the job is running at attempt 2', id('stale'))),
  ($$id('burnt'), 1, 'burnt', '{}'$$, 'FL006', 'transaction ''burnt'' has failed: r'),
  ($$id('sent'), 1, 'sent', '{}'$$, 'FL003', 'effect charge of transaction ''sent'' was sent, and its outcome is not settled'),
  ($$424242, 1, 'x', '{}'$$, 'FL005', 'there is no job 424242')) v (arguments, code, message);
select is(created, true, 'a result of 262144 bytes') from faultline.apply_and_complete(id('d'), 1, 'd', '{}', null, to_jsonb(repeat('x', 262142)));

select at_work('role');
select is(run($$select created::text from faultline.apply_and_complete(tap.id('role'), 1, 'role', '{"a": 1}', '[{"account": "a", "amount": -1, "currency": "EUR"}, {"account": "b", "amount": 1, "currency": "EUR"}]', '{"b": 2}')$$), 'true', 'faultline_runner may, with untyped literals');
select refused(role, $$select * from faultline.apply_and_complete(1, 1, 'x', '{}')$$, '42501', 'permission denied for function apply_and_complete') from unnest(array['faultline_producer', 'faultline_operator', 'faultline_observer']) role;
set constraints all immediate;
select healthy('all is well');

select * from finish();
rollback;
