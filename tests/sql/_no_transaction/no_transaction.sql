\ir ../../support/prelude.sql
begin;
select * from no_plan();

select refuses($$select faultline._no_transaction('it''s')$$, 'FL005', 'there is no transaction ''it''''s''', 'FL005');
select refuses($$select faultline._no_transaction(repeat('x', 1000))$$, 'FL005', 'there is no transaction ''' || repeat('x', 255) || '''', 'a long one is cut');

select * from finish();
rollback;
