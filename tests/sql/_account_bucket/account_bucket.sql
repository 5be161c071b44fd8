\ir ../../support/prelude.sql
begin;
select * from no_plan();

select is(array(select distinct faultline._account_bucket('account-' || n, 'EUR') from generate_series(1, 1000) n order by 1), array(select generate_series(0, 15)), 'sixteen buckets, all of them used');
select is(count(distinct faultline._account_bucket('a', 'EUR')), 1::bigint, 'the same for an account and a currency') from generate_series(1, 3);
select isnt(array(select faultline._account_bucket('account-' || n, 'EUR') from generate_series(1, 100) n), array(select faultline._account_bucket('account-' || n, 'USD') from generate_series(1, 100) n), 'the currency counts');
select is(provolatile, 'i', 'it is immutable') from pg_proc where oid = 'faultline._account_bucket(text, text)'::regprocedure;

select * from finish();
rollback;
