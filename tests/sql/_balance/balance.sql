\ir ../../support/ledger.sql
begin;
select * from no_plan();

select is(faultline._balance('a', 'EUR'), 0::numeric, 'an account that was never used is at 0');
select moved('t1', 'a -3 EUR', 'b 3 EUR', 'a 1 USD', 'b -1 USD'), moved('t2', 'a -0.5 EUR', 'b 0.5 EUR');
select is(faultline._balance('a', 'EUR'), -3.5, 'what was posted'); select is(faultline._balance('a', 'USD'), 1::numeric, 'in its currency');
select is(faultline._balance('a', null), 0::numeric, 'without a currency there is none');
-- Up to folded_to the checkpoint is what counts, later the postings.
insert into faultline.account_checkpoints values ('a', 'EUR', 1000);
update faultline.ledger_checkpoint set folded_to = (select min(posting_id) from faultline.postings p where p.entry_id = (entry('t2')).entry_id) - 1;
select is(faultline._balance('a', 'EUR'), 999.5, 'the checkpoint and what came since'); select is(faultline._balance('b', 'EUR'), 0.5, 'none: what came since');
update faultline.ledger_checkpoint set folded_to = (select max(posting_id) from faultline.postings);
select is(faultline._balance('a', 'EUR'), 1000::numeric, 'or the checkpoint alone');
select is(provolatile, 's', 'it is stable') from pg_proc where oid = 'faultline._balance(text, text)'::regprocedure;

select * from finish();
rollback;
