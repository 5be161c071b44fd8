\ir ../../support/prelude.sql
-- SKIP LOCKED works under READ COMMITTED alone: elsewhere it would end in 40001 now and then, so it is refused at once.
select * from no_plan();
select queued('a');
begin isolation level repeatable read;
select refuses($$select * from faultline.claim_jobs('{a}', runner(1))$$, 'FL004', 'a claim does not work in a transaction that is REPEATABLE READ', 'REPEATABLE READ is refused');
select refuses($$select * from faultline.claim_jobs('{a}', runner(1), 10000, '24 hours')$$, 'FL004', 'a claim does not work in a transaction that is REPEATABLE READ', 'and not for what is as large as it may be');
select refuses($$select * from faultline.claim_job('a', runner(1))$$, 'FL004', 'a claim does not work in a transaction that is REPEATABLE READ', 'by claim_job too');
commit;
begin isolation level serializable;
select refuses($$select * from faultline.claim_jobs('{a}', runner(1))$$, 'FL004', 'a claim does not work in a transaction that is SERIALIZABLE', 'SERIALIZABLE is refused');
commit;
begin isolation level read committed;
select is((select count(*) from faultline.claim_jobs('{a}', runner(1))), 1::bigint, 'READ COMMITTED is not');
commit;
select * from finish();
