\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- INIT, with a key that is the transaction's and the name's alone.
select at_work('a');
select answers($$select * from faultline.begin_effect(id('a'), 1, 'a', 'charge', '{"amount": 5}')$$, faultline._effect_key('a', 'charge') || ',INIT,', 'an effect is begun');
select is((f.name, f.key, f.request, f.state, f.attempt, f.response, f.sent_at, f.settled_at, f.asks), ('charge'::text, faultline._effect_key('a', 'charge'), '{"amount": 5}'::jsonb, 'INIT'::text, 1, null::jsonb, null::timestamptz, null::timestamptz, 0), 'and kept')
from effect('a') f;
select ok((effect('a')).created_at > now(), 'since when, by the clock');
select is(stands('a'), 'INIT charge=INIT', 'the transaction stays INIT');
create function tap.again(attempt int, answer text, description text) returns text language sql as $$
select repeats(format('select * from faultline.begin_effect(id(''a''), %s, ''a'', ''charge'', ''{"amount": 5.0}'')', attempt), faultline._effect_key('a', 'charge') || answer, description) $$;
select again(1, ',INIT,', 'again: the same');
select job_ends('a', 'queued'), claimed('a', 2);
select again(2, ',INIT,', 'the next attempt finds it, with the same key');
select faultline.effect_sent(id('a'), 2, 'a', 'charge');
select again(2, ',SENT,', 'SENT: ask the outside');
select faultline.settle_effect(id('a'), 2, 'a', 'charge', 'UNKNOWN', '"who knows"');
select again(2, ',SENT,', 'UNKNOWN is SENT');
select faultline.settle_effect(id('a'), 2, 'a', 'charge', 'APPLIED', '{"receipt": 7}');
select again(2, ',APPLIED,"{""receipt"": 7}"', 'APPLIED: with what came back');
select is(created, true, 'applied') from faultline.apply_ledger(id('a'), 2, 'a', '{}');
select again(2, ',APPLIED,"{""receipt"": 7}"', 'also when the transaction has its entry');
select faultline.complete_job(id('a'), 2);
select again(2, ',APPLIED,"{""receipt"": 7}"', 'and when the job is completed');
select at_work('b'), outside('b', 'ABSENT');
select answers($$select state, response from faultline.begin_effect(id('b'), 1, 'b', 'charge', '{"amount": 5}')$$, 'ABSENT,"{""receipt"": 7}"', 'ABSENT: it has not happened');

-- Several belong to one transaction; the request may be left out.
select answers($$select state from faultline.begin_effect(id('b'), 1, 'b', 'mail')$$, 'INIT', 'another effect');
select is((effect('b', 'mail')).request, '{}', 'without a request it is empty');
select repeats($$select state from faultline.begin_effect(id('b'), 1, 'b', 'mail', null)$$, 'INIT', 'NULL too');
select answers($$select state from faultline.begin_effect(id('b'), 1, 'b', 'fax', null)$$, 'INIT', 'NULL is none');
select is((effect('b', 'fax')).request, '{}', 'and just as empty');
select isnt((effect('b', 'mail')).key, (effect('b')).key, 'its key is another');
select at_work('absent'), outside('absent', 'ABSENT'), job_ends('absent', 'succeeded');
select repeats($$select state from faultline.begin_effect(id('absent'), 1, 'absent', 'charge', '{"amount": 5}')$$, 'ABSENT', 'a completed job without an entry is told what came of its effect, too');
-- A transaction that nobody has submitted is made.
select running('c');
select answers($$select state from faultline.begin_effect(id('c'), 1, 'its own', 'mail')$$, 'INIT', 'a job of enqueue may begin one');
select is((t.state, t.job_id), ('INIT'::text, id('c')), 'its transaction is made') from transaction('its own') t;

-- What is refused.
select at_work('applied'), faultline.apply_ledger(id('applied'), 1, 'applied', '{}'), at_work('burnt'), outside('burnt', 'INIT'), faultline.fail_transaction('burnt', 'r'), at_work('stale'), job_ends('stale', 'queued'), at_work('left'), outside('left', 'INIT'), job_ends('left', 'succeeded');
select faultline.enqueue('t', '{"name": "b"}', 'dup') as dup \gset
select count(*) from faultline.claim_job('dup', runner(1));
select at_work('done'), job_ends('done', 'succeeded');
select refuses('select * from faultline.begin_effect(' || arguments || ')', code, message, message)
from (values
  ($$id('b'), 1, 'b', 'charge', '{"amount": 6}'$$, 'FL002', 'effect charge of transaction ''b'' was begun with another request'),
  ($$id('a'), 2, 'a', 'charge', '{"amount": 6}'$$, 'FL002', 'effect charge of transaction ''a'' was begun with another request'),
  ($$id('b'), 1, 'b', 'charge'$$, 'FL002', 'effect charge of transaction ''b'' was begun with another request'),
  (:'dup' || $$, 1, 'b', 'charge', '{"amount": 5}'$$, 'FL002', format('transaction ''b'' is that of job %s, which has not applied it', (transaction('b')).job_id)),
  ($$id('c'), 1, 'applied', 'charge'$$, 'FL002', format('transaction ''applied'' stands for job %s, which has another kind or request', id('applied'))),
  ($$id('c'), 1, 'a second', 'charge'$$, 'FL002', format('job %s carries out transaction ''its own'', not ''a second''', id('c'))),
  ($$id('applied'), 1, 'applied', 'charge'$$, 'FL003', 'transaction ''applied'' is APPLIED: no effect can be begun any more'),
  ($$id('done'), 1, 'done', 'charge'$$, 'FL001', format('attempt 1 of job %s may not apply it: the job is succeeded at attempt 1', id('done'))),
  ($$id('burnt'), 1, 'burnt', 'charge', '{"amount": 5}'$$, 'FL006', 'transaction ''burnt'' has failed: r'),
  ($$id('stale'), 1, 'stale', 'charge'$$, 'FL001', format('attempt 1 of job %s may not apply it: the job is queued at attempt 1', id('stale'))),
  ($$id('left'), 1, 'left', 'charge', '{"amount": 5}'$$, 'FL001', format('attempt 1 of job %s may not apply it: the job is succeeded at attempt 1', id('left'))),
  ($$424242, 1, 'x', 'charge'$$, 'FL005', 'there is no job 424242'), ($$null, 1, 'x', 'charge'$$, 'FL004', 'job_id is NULL and attempt is 1'),
  ($$id('b'), 1, null, 'charge'$$, 'FL004', 'the transaction id is NULL'), ($$id('b'), 1, 'b', null$$, 'FL004', 'effect NULL is not a name'), ($$id('b'), 1, 'b', 'a b'$$, 'FL004', 'effect ''a b'' is not a name'),
  ($$id('b'), 1, 'b', 'x', '[]'$$, 'FL004', 'the request is not an object but of type array'),
  ($$id('b'), 1, 'b', 'x', jsonb_build_object('a', repeat('x', 262145 - 9))$$, 'FL004', 'the request has 262145 bytes as text')) v (arguments, code, message);
select answers($$select state from faultline.begin_effect(id('b'), 1, 'b', repeat('n', 128), jsonb_build_object('a', repeat('x', 262144 - 9)))$$, 'INIT', 'a request of 262144 bytes, a name of 128 characters');
select is(run($$select state from faultline.begin_effect(tap.id('b'), 1, 'b', 'role', '{"a": 1}')$$), 'INIT', 'faultline_runner may, with untyped literals');
select refused(role, $$select * from faultline.begin_effect(1, 1, 'x', 'e')$$, '42501', 'permission denied for function begin_effect') from unnest(array['faultline_producer', 'faultline_operator', 'faultline_observer']) role;

select * from finish();
rollback;
