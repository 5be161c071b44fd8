\ir ../../support/ledger.sql
begin;
select * from no_plan();

select submitted('a');
select refused('none', $$select faultline._other_job(tap.transaction('a'))$$, 'FL002', format('transaction ''a'' is that of job %s, which has not applied it', id('a')), 'One transaction, one job: this one is a duplicate. Discard it, or use a new id.');
select applied('b');
select refuses($$select faultline._other_job(tap.transaction('b'))$$, 'FL002', format('transaction ''b'' is that of job %s, which has applied it', id('b')), 'APPLIED');

select * from finish();
rollback;
