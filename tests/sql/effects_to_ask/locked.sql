\ir ../../support/ledger.sql
select * from no_plan();

-- What somebody else is answering is skipped.
select at_work(n), outside(n, 'SENT'), job_ends(n, 'succeeded') from unnest(array['a', 'b']) n \g /dev/null
select reconciled() \g /dev/null
begin;
select faultline.answer_effect('a', 'charge', 'UNKNOWN') \g /dev/null
prepare transaction 'answering';
select answers('select transaction_id from faultline.effects_to_ask()', 'b', 'what is locked is skipped');
rollback prepared 'answering';
select answers('select transaction_id from faultline.effects_to_ask()', 'a', 'and handed out later');

select * from finish();
