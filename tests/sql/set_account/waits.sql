\ir ../../support/ledger.sql
select * from no_plan();

-- Who is debiting an account that has no floor yet: a floor waits for that, 5 s at most; others are free.
select moved('t1', 'bank -100 EUR', 'alice 100 EUR'), at_work('t2') \g /dev/null
begin;
select created from faultline.apply_ledger(id('t2'), 1, 't2', '{}', posts('alice -60 EUR', 'bob 60 EUR')) \g /dev/null
prepare transaction 'debit';
select clock_timestamp() as before \gset
select throws_ok($$select faultline.set_account('alice', 'EUR', 50)$$, '55P03', 'canceling statement due to lock timeout', 'a floor waits for whoever is debiting the account');
select ok(clock_timestamp() - :'before' between interval '4.9 s' and interval '30 s', 'for five seconds');
select is((select faultline.set_account(a, 'EUR', -1)), 0::numeric, 'one of another account does not wait')
from unnest(array['x1', 'x2', 'x3', 'x4']) a where faultline._account_bucket(a, 'EUR') <> all (array[faultline._account_bucket('alice', 'EUR')]) limit 1;
select is(faultline.set_account('bob', 'EUR', 0), 0::numeric, 'who is credited is free') where faultline._account_bucket('bob', 'EUR') <> faultline._account_bucket('alice', 'EUR');
commit prepared 'debit';
select throws_ok($$select faultline.set_account('alice', 'EUR', 50)$$, 'FL008', 'account alice is at 40 EUR, below a floor of 50', 'then it sees what was debited');

select * from finish();
