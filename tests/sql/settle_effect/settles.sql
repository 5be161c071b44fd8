\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- What became of an effect that was sent.
create function tap.settle(name text, arguments text) returns text language sql as $$ select run(format('select faultline.settle_effect(tap.id(%L), (tap.live(%L)).attempt, %L, ''charge'', %s)', name, name, name, arguments)) $$;
select at_work(n), outside(n, 'SENT') from unnest(array['a', 'b', 'u']) n;
select is(settle('a', $$'APPLIED', '{"receipt": 7}'$$), 'APPLIED', 'it has happened');
select is((f.state, f.response, f.settled_at > now(), f.ask_at, f.unknown_since), ('APPLIED'::text, '{"receipt": 7}'::jsonb, true, null::timestamptz, null::timestamptz), 'with what came back') from effect('a') f;
select is(settle('b', $$'ABSENT'$$), 'ABSENT', 'it has not');
select is((f.state, f.response, f.settled_at > now()), ('ABSENT'::text, null::jsonb, true), 'nothing came back') from effect('b') f;
select repeats(format('select settle(''a'', %L)', a), 'APPLIED', 'again: the first response stays') from unnest(array[$$'APPLIED', '{"receipt": 7}'$$, $$'APPLIED', '{"receipt": 8}'$$, $$'APPLIED'$$]) a;
select repeats($$select settle('b', '''ABSENT''')$$, 'ABSENT', 'again');
select refuses(format('select settle(%L, %L)', n, quote_literal(s)), 'FL003', format('effect charge of transaction %L is %s and can not become %s', n, was, s), was || ' can not become ' || s)
from (values ('a', 'APPLIED', 'ABSENT'), ('a', 'APPLIED', 'UNKNOWN'), ('b', 'ABSENT', 'APPLIED'), ('b', 'ABSENT', 'UNKNOWN')) v (n, was, s);

-- UNKNOWN: it stays SENT, and shows; then somebody knows.
select is(settle('u', $$'UNKNOWN', '"timeout"'$$), 'SENT', 'UNKNOWN stays SENT');
select is((f.state, f.asks, f.answer, f.response, f.unknown_since > now()), ('SENT'::text, 1, 'timeout'::text, null::jsonb, true), 'since when, and what was said') from effect('u') f;
select (effect('u')).unknown_since as since \gset
select is(settle('u', $$'UNKNOWN', '{"error": "again"}'$$), 'SENT', 'still');
select is((f.asks, f.answer, f.unknown_since), (2, '{"error": "again"}'::text, :'since'::timestamptz), 'since the first time') from effect('u') f;
select settle('u', $$'UNKNOWN'$$);
select is((effect('u')).answer, null, 'nothing need be said');
select settle('u', format('''UNKNOWN'', %L', to_jsonb(repeat('x', 2000))));
select is((effect('u')).answer, repeat('x', 1000), 'a thousand characters of it are kept');
select is(settle('u', $$'APPLIED', '"late"'$$), 'APPLIED', 'in the end it is known');
select is((f.state, f.asks, f.answer, f.unknown_since, f.response), ('APPLIED'::text, 4, null::text, null::timestamptz, '"late"'::jsonb), 'and not unknown any more') from effect('u') f;

-- After the job is completed, what was said stands; what was not is for whoever asks now.
select at_work('over'), outside('over', 'SENT'), faultline.complete_job(id('over'), 1), faultline.complete_job(id('a'), 1);
select repeats($$select faultline.settle_effect(id('a'), 1, 'a', 'charge', 'APPLIED')$$, 'APPLIED', 'repeated when the job is completed');
select refuses($$select faultline.settle_effect(id('over'), 1, 'over', 'charge', 'ABSENT')$$, 'FL001', format('attempt 1 of job %s may not apply it: the job is succeeded at attempt 1', id('over')), 'said too late');
select refuses($$select faultline.settle_effect(id('a'), 1, 'u', 'charge', 'ABSENT')$$, 'FL001', format('attempt 1 of job %s may not apply it: the job is succeeded at attempt 1', id('a')), 'never of another job''s');

-- What is refused.
select at_work('init'), outside('init', 'INIT'), at_work('x'), outside('x', 'SENT'), at_work('burnt'), outside('burnt', 'ABSENT'), faultline.fail_transaction('burnt', 'r'), at_work('stale'), outside('stale', 'SENT'), job_ends('stale', 'queued');
select refuses('select faultline.settle_effect(' || arguments || ')', code, message, message)
from (values
  ($$id('init'), 1, 'init', 'charge', 'APPLIED'$$, 'FL003', 'effect charge of transaction ''init'' is INIT and can not become APPLIED'),
  ($$id('init'), 1, 'init', 'charge', 'UNKNOWN'$$, 'FL003', 'effect charge of transaction ''init'' is INIT and can not become UNKNOWN'),
  ($$id('x'), 1, 'x', 'charge', null$$, 'FL004', 'state NULL is no outcome of an effect'), ($$id('x'), 1, 'x', 'charge', 'applied'$$, 'FL004', 'state ''applied'' is no outcome of an effect'),
  ($$id('x'), 1, 'x', 'charge', 'SENT'$$, 'FL004', 'state ''SENT'' is no outcome of an effect'), ($$id('x'), 1, 'x', 'charge', 'INIT'$$, 'FL004', 'state ''INIT'' is no outcome of an effect'),
  ($$id('x'), 1, 'x', 'charge', 'APPLIED', to_jsonb(repeat('x', 262143))$$, 'FL004', 'the response has 262145 bytes as text'),
  ($$id('x'), 1, 'x', 'mail', 'APPLIED'$$, 'FL005', format('transaction ''x'' of job %s has no effect mail', id('x'))),
  ($$id('burnt'), 1, 'burnt', 'charge', 'ABSENT'$$, 'FL006', 'transaction ''burnt'' has failed: r'),
  ($$id('stale'), 1, 'stale', 'charge', 'APPLIED'$$, 'FL001', format('attempt 1 of job %s may not apply it: the job is queued at attempt 1', id('stale'))),
  ($$424242, 1, 'x', 'charge', 'APPLIED'$$, 'FL005', 'there is no job 424242'), ($$1, null, 'x', 'charge', 'APPLIED'$$, 'FL004', 'job_id is 1 and attempt is NULL'),
  ($$id('x'), 1, null, 'charge', 'APPLIED'$$, 'FL004', 'the transaction id is NULL'), ($$id('x'), 1, 'x', 'a b', 'APPLIED'$$, 'FL004', 'effect ''a b'' is not a name')) v (arguments, code, message);
select is(settle('x', format('''APPLIED'', %L', to_jsonb(repeat('x', 262142)))), 'APPLIED', 'a response of 262144 bytes; faultline_runner may');
select refused(role, $$select faultline.settle_effect(1, 1, 'x', 'e', 'APPLIED')$$, '42501', 'permission denied for function settle_effect') from unnest(array['faultline_producer', 'faultline_operator', 'faultline_observer']) role;

select * from finish();
rollback;
