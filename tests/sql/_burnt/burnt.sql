\ir ../../support/ledger.sql
begin;
select * from no_plan();

select faultline.submit_transaction('it''s', 't'), faultline.fail_transaction('it''s', 'why not');
select refused('none', $$select faultline._burnt(tap.transaction('it''s'))$$, 'FL006', 'transaction ''it''''s'' has failed: why not', 'Its id is burnt: nothing can apply it any more. Submit the work again under a new id.');

select * from finish();
rollback;
