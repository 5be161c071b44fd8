\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- The entry, its postings, and APPLIED, in the caller's transaction. The job stays.
select at_work('a');
create temporary table answered as select * from faultline.apply_ledger(id('a'), 1, 'a', '{"sent": true}', posts('alice -100.50 EUR', 'bob 100.50 EUR', 'alice 3 USD', 'bob -3 USD'));
select is(created, true, 'it is new') from answered;
select is((e.entry_id, e.job_id, e.attempt, e.effect), (a.entry_id, id('a'), 1, '{"sent": true}'::jsonb), 'the entry says what has happened') from entry('a') e, answered a;
select ok(e.applied_at > now() and e.applied_at <= clock_timestamp(), 'and when, by the clock') from entry('a') e;
select results_eq('select account, currency, amount, entry_id from faultline.postings order by posting_id',
  $$select v.*, entry_id from answered, (values ('alice', 'EUR', -100.50), ('bob', 'EUR', 100.50), ('alice', 'USD', 3), ('bob', 'USD', -3)) v$$, 'the postings are as they were given');
select is((stands('a'), state_of('a')), ('APPLIED'::text, 'running'::text), 'the transaction is APPLIED, the job runs on');

-- Again: the same entry, nothing is changed.
create function tap.again(arguments text) returns text language sql as $$
select repeats('select entry_id, created from faultline.apply_ledger(' || arguments || ')', (select entry_id || ',f' from answered), 'again: ' || arguments) $$;
select again(a) from unnest(array[$$id('a'), 1, 'a', '{"sent": true}', posts('alice -100.50 EUR', 'bob 100.50 EUR', 'alice 3 USD', 'bob -3 USD')$$,
  $$id('a'), 1, 'a', '{}'$$, $$id('a'), 1, 'a', null, posts('x -1 EUR', 'y 1 EUR')$$]) a;
select expired('a'), faultline.reap_expired();
select again($$id('a'), 1, 'a', '{}'$$);
select is(claimed('a', 2), 2, 'a later attempt');
select again($$id('a'), 2, 'a', '{}'$$);
select again($$id('a'), 1, 'a', '{}'$$);
select faultline.complete_job(id('a'), 2);
select again($$id('a'), 2, 'a', '{}'$$);
select again($$id('a'), 1, 'a', '{}'$$);
select reconciled();
select again($$id('a'), 2, 'a', '{}'$$);
select refuses(format('select * from faultline.apply_ledger(id(''a''), %s, ''other'', ''{}'')', n), 'FL002', format('attempt %s of job %s has ended, and not with transaction ''other''', n, id('a')), 'but not another transaction')
from unnest(array[1, 2]) n;

-- effect: NULL is none; postings: NULL are none.
select at_work('bare');
select is((e.effect, (select count(*) from faultline.postings p where p.entry_id = e.entry_id)), ('{}'::jsonb, 0::bigint), 'NULL is no effect and no postings')
from faultline.apply_ledger(id('bare'), 1, 'bare', null, null) l join faultline.ledger_entries e using (entry_id);

-- A transaction that nobody has submitted is made.
select running('made');
select is(created, true, 'a job of enqueue may apply') from faultline.apply_ledger(id('made'), 1, 'its own', '{}');
select is((t.kind, t.request, t.job_id, t.state, t.options), ('t'::text, '{"name": "made"}'::jsonb, id('made'), 'APPLIED'::text, '{}'::jsonb), 'the transaction is of the job''s type and payload') from transaction('its own') t;
select is((live('made')).transaction_id, 'its own', 'the job knows it');
select refuses($$select * from faultline.apply_ledger(id('made'), 1, 'a second', '{}')$$, 'FL002', format('job %s carries out transaction ''its own'', not ''a second''', id('made')), 'one job, one transaction');
select at_work('mine');
select refuses($$select * from faultline.apply_ledger(id('mine'), 1, 'its own', '{}')$$, 'FL002', format('transaction ''its own'' stands for job %s, which has another kind or request', id('made')), 'not that of another either');

-- A duplicate: another job of the same type and payload.
create function tap.twin(queue text) returns bigint language sql as $$ select faultline.enqueue('t', '{"twin": true}', twin.queue) $$;
select twin('q1') as one \gset
select faultline.submit_transaction('twin', 't', '{"twin": true}', 'q2') as two \gset
select is((select count(*) from faultline.claim_jobs('{q1,q2}', runner(1), 2)), 2::bigint, 'both run');
select refuses(format('select * from faultline.apply_ledger(%s, 1, ''twin'', ''{}'')', :one), 'FL002', format('transaction ''twin'' is that of job %s, which has not applied it', :two), 'a duplicate may not apply before the transaction''s own job');
select entry_id as entry from faultline.apply_ledger(:two, 1, 'twin', '{}') \gset
select repeats(format('select entry_id, created from faultline.apply_ledger(%s, 1, ''twin'', ''{}'')', :one), :'entry' || ',f', 'after that it finds the entry');
select refuses(format('select * from faultline.begin_effect(%s, 1, ''twin'', ''e'')', :one), 'FL002', format('transaction ''twin'' is that of job %s, which has applied it', :two), 'but an effect is the own job''s alone');
select faultline.complete_job(:one, 1);
select repeats(format('select entry_id, created from faultline.apply_ledger(%s, 1, ''twin'', ''{}'')', :one), :'entry' || ',f', 'also when it is completed');

-- The fence. Nothing of what a stale attempt does is left.
select at_work('stale'), expired('stale'), faultline.reap_expired(), claimed('stale', 2);
select refuses($$select * from faultline.apply_ledger(id('stale'), 1, 'stale', '{}', posts('a -1 EUR', 'b 1 EUR'))$$, 'FL001', format('attempt 1 of job %s may not apply it: the job is running at attempt 2', id('stale')), 'an old attempt');
select refuses($$select * from faultline.apply_ledger(id('stale'), 3, 'stale', '{}')$$, 'FL001', format('attempt 3 of job %s may not apply it: the job is running at attempt 2', id('stale')), 'one that never was');
select submitted('waits');
select refuses($$select * from faultline.apply_ledger(id('waits'), 0, 'waits', '{}')$$, 'FL001', format('attempt 0 of job %s may not apply it: the job is queued at attempt 0', id('waits')), 'a job that nobody has claimed');
select at_work('failed'), job_ends('failed', 'failed'), at_work('discarded'), job_ends('discarded', 'discarded'), at_work('cancelled'), job_ends('cancelled', 'cancelled');
select refuses(format('select * from faultline.apply_ledger(id(%L), 1, %L, ''{}'')', n, n), 'FL001', format('attempt 1 of job %s may not apply it: the job is %s at attempt 1', id(n), n), 'a job that is ' || n)
from unnest(array['failed', 'discarded', 'cancelled']) n;
select refuses($$select * from faultline.apply_ledger(123456789, 1, 'x', '{}')$$, 'FL005', 'there is no job 123456789', 'no such job');
select at_work('plain'), job_ends('plain', 'succeeded');
select refuses($$select * from faultline.apply_ledger(id('plain'), 1, 'plain', '{}')$$, 'FL002', format('attempt 1 of job %s has ended, and not with transaction ''plain''', id('plain')), 'a job that was completed without');
-- Late is not stale.
select at_work('late'), expired('late');
select is(created, true, 'accepted after the deadline') from faultline.apply_ledger(id('late'), 1, 'late', '{}');
-- Someone wants it cancelled: what has happened, has happened.
select at_work('unwanted'), faultline.cancel_job(id('unwanted'));
select is(created, true, 'so is that of a job that is to be cancelled') from faultline.apply_ledger(id('unwanted'), 1, 'unwanted', '{}');

-- A burnt id.
select at_work('burnt'), faultline.fail_transaction('burnt', 'a mistake');
select refuses($$select * from faultline.apply_ledger(id('burnt'), 1, 'burnt', '{}')$$, 'FL006', 'transaction ''burnt'' has failed: a mistake', 'what has failed can never be applied');

-- An effect that was sent has to be settled first; others don't matter.
select at_work(n), outside(n, n) from unnest(array['INIT', 'SENT', 'APPLIED', 'ABSENT']) n;
select refuses($$select * from faultline.apply_ledger(id('SENT'), 1, 'SENT', '{}')$$, 'FL003', 'effect charge of transaction ''SENT'' was sent, and its outcome is not settled', 'not while an effect is SENT');
select is((select created from faultline.apply_ledger(id(n), 1, n, '{}')), true, 'an effect that is ' || n || ' is no obstacle') from unnest(array['INIT', 'APPLIED', 'ABSENT']) n;

-- What can't be.
select at_work('x');
select refuses(statement, 'FL004', message, message)
from (values
  ($$select * from faultline.apply_ledger(null, 1, 'x', '{}')$$, 'job_id is NULL and attempt is 1'),
  ($$select * from faultline.apply_ledger(1, null, 'x', '{}')$$, 'job_id is 1 and attempt is NULL'),
  ($$select * from faultline.apply_ledger(id('x'), 1, null, '{}')$$, 'the transaction id is NULL'),
  ($$select * from faultline.apply_ledger(id('x'), 1, '', '{}')$$, 'the transaction id has 0 characters'),
  ($$select * from faultline.apply_ledger(id('x'), 1, 'x', '[]')$$, 'the effect is not an object but of type array'),
  ($$select * from faultline.apply_ledger(id('x'), 1, 'x', jsonb_build_object('a', repeat('x', 262145 - 9)))$$, 'the effect has 262145 bytes as text'),
  ($$select * from faultline.apply_ledger(id('x'), 1, 'x', '{}', '{}')$$, 'postings is not an array but of type object'),
  ($$select * from faultline.apply_ledger(id('x'), 1, 'x', '{}', posts('a -1 EUR', 'b 2 EUR'))$$, 'the postings in EUR add up to 1')) v (statement, message);
select is(created, true, 'an effect of 262144 bytes') from faultline.apply_ledger(id('x'), 1, 'x', jsonb_build_object('a', repeat('x', 262144 - 9)));

select at_work('role');
select is(run($$select created::text from faultline.apply_ledger(id('role'), 1, 'role', '{"a": 1}', '[{"account": "a", "amount": -1, "currency": "EUR"}, {"account": "b", "amount": "1.00", "currency": "EUR"}]')$$), 'true', 'faultline_runner may, with untyped literals');
select refused(role, $$select * from faultline.apply_ledger(1, 1, 'x', '{}')$$, '42501', 'permission denied for function apply_ledger') from unnest(array['faultline_producer', 'faultline_operator', 'faultline_observer']) role;
set constraints all immediate;
select healthy('all of it is well');

select * from finish();
rollback;
