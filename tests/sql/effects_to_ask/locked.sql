\ir ../../support/ledger.sql
select * from no_plan();

-- Nothing to ask: it is a look, which writes nothing.
select at_work('begun'), outside('begun', 'INIT') \g /dev/null
begin read only;
select is(run('select count(*) from faultline.effects_to_ask()'), '0', 'with nothing to ask it works in a read-only transaction');
commit;

-- What somebody else is answering is skipped.
set lock_timeout = '2s';
select at_work(n), outside(n, 'SENT'), job_ends(n, 'succeeded') from unnest(array['a', 'b']) n \g /dev/null
select reconciled() \g /dev/null
begin;
select faultline.answer_effect('a', 'charge', 'UNKNOWN') \g /dev/null
prepare transaction 'answering';
select answers('select transaction_id from faultline.effects_to_ask()', 'b', 'what is locked is skipped');
rollback prepared 'answering';
select answers('select transaction_id from faultline.effects_to_ask()', 'a', 'and handed out later');
update faultline.effects set ask_at = now() where transaction_id = 'a';
begin;
select transaction_id as asked from faultline.effects_to_ask() \gset
prepare transaction 'asking';
select is(:'asked'::text, 'a', 'one asks');
select is((held($$effects f where f.transaction_id = 'a'$$), held($$effects f where f.transaction_id = 'b'$$)), ('for no key update'::text, 'free'::text), 'of what it is about, and no other, the row is locked');
rollback prepared 'asking';

select * from finish();
