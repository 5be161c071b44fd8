\ir ../../support/ledger.sql
select * from no_plan();

-- Two effects of one transaction are answered one after the other, and the last answer settles it.
select at_work(n), outside(n, 'SENT'), outside(n, 'SENT', 'mail'), job_ends(n, 'discarded') from unnest(array['a', 'b']) n \g /dev/null
select reconciled() \g /dev/null
begin;
select faultline.answer_effect('a', 'charge', 'ABSENT') as first \gset
select faultline.answer_effect('a', 'charge', 'ABSENT') as again \gset
prepare transaction 'answering';
select is((:'first'::text, :'again'::text), ('INIT'::text, 'INIT'::text), 'one has answered');
select is(held($$transactions t where t.transaction_id = 'a'$$), 'for no key update', 'the transaction is locked');
select is(held($$effects f where f.transaction_id = 'a' and f.name = 'mail'$$), 'free', 'of its effects the other is not');
select is(held($$transactions t where t.transaction_id = 'b'$$), 'free', 'nor is another transaction');
set lock_timeout = '20ms';
select throws_ok($$select faultline.answer_effect('a', 'mail', 'ABSENT')$$, '55P03', null, 'the other answer waits');
reset lock_timeout;
commit prepared 'answering';
select is(faultline.answer_effect('a', 'mail', 'ABSENT'), 'FAILED', 'and settles it');

-- Repeated, it locks the same.
select faultline.answer_effect('b', 'charge', 'ABSENT') \g /dev/null
begin;
select faultline.answer_effect('b', 'charge', 'ABSENT') as again \gset
prepare transaction 'again';
select is(held($$transactions t where t.transaction_id = 'b'$$), 'for no key update', 'the transaction');
select is(held($$effects f where f.transaction_id = 'b' and f.name = 'charge'$$), 'for no key update', 'and the effect');
rollback prepared 'again';

select * from finish();
