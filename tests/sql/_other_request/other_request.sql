\ir ../../support/ledger.sql
begin;
select * from no_plan();

select submitted('a');
select refused('none', $$select faultline._other_request(tap.transaction('a'))$$, 'FL002', format('transaction ''a'' stands for job %s, which has another kind or request', id('a')), 'The same id wants the same kind and request: use a new id for new work.');

select * from finish();
rollback;
