\ir ../../support/prelude.sql

begin isolation level repeatable read;
select * from no_plan();

select refuses('select faultline._lock_runs(''{1}'')', 'FL004', 'changing a run does not work in a transaction that is REPEATABLE READ', 'what others have just committed has to be seen');

select * from finish();
rollback;
