\ir ../../support/ledger.sql
-- Which accounts it locks, and how: what somebody else has committed, so in a transaction of its own.
select * from no_plan();
create extension pgrowlocks schema public;
create function tap.locked() returns text language sql as $$
select string_agg(concat_ws(' ', a.account, a.currency, array_to_string(l.modes, ' and ')), ', ' order by a.account, a.currency)
from pgrowlocks('faultline.accounts') l join faultline.accounts a on a.ctid = l.locked_row
$$;
select faultline.set_account(a, c, -10) from unnest(array['debited', 'credited', 'other']) a, unnest(array['EUR', 'USD']) c \g /dev/null
select applied('entry') as entry \gset

begin;
select faultline._post(:entry, posts('debited -1 EUR', 'without -1 EUR', 'credited 2 EUR')) \g /dev/null
select is(locked(), 'debited EUR For No Key Update', 'what is debited and has a floor, in its currency');
commit;

select * from finish();
