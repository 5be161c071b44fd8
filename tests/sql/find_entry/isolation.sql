\ir ../../support/ledger.sql
begin isolation level repeatable read;
select * from no_plan();

-- An older snapshot does not see what it waited for.
select refused('faultline_runner', $$select faultline.find_entry(1, 1, 'a')$$, 'FL004', 'find_entry does not work in a transaction that is REPEATABLE READ');

select * from finish();
rollback;
