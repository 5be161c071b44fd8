\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- An account that has the floor of its neighbours already is another account all the same, in each currency.
select faultline.set_account(a, c, -5) from unnest(array['m', 'a', 'z']) a, unnest(array['EUR', 'CHF', 'USD']) c;
select is(count(*), 9::bigint, 'nine floors') from faultline.accounts where floor = -5;
select is(count(*), 9::bigint, 'each on record') from faultline.job_events where verb = 'set_account';

select * from finish();
rollback;
