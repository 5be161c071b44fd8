\ir ../../support/ledger.sql
select * from no_plan();

-- A floor for an account in a currency; it returns the balance.
create function tap.set(arguments text) returns text language sql as $$ select tap.operate(format('select faultline.set_account(%s)::text', arguments)) $$;
create function tap.floors() returns text language sql as $$ select coalesce(string_agg(account || ' ' || floor || ' ' || currency, ', ' order by account, currency), '') from faultline.accounts $$;
select is(set($$'alice', 'EUR', 0$$), '0', 'an account that was never used is at 0');
select is(floors(), 'alice 0 EUR', 'and has a floor now');
select is(array(select event_lines('all')), '{"set_account {\"floor\": 0, \"account\": \"alice\", \"currency\": \"EUR\"}"}', 'which is on record');
begin; select set($$'alice', 'EUR', 0$$) \g /dev/null
select changes_nothing('faultline_operator', $$select faultline.set_account('alice', 'EUR', 0.0)$$, '0', 'repeated, it changes nothing');
commit;
select moved('t1', 'bank -100 EUR', 'alice 100 EUR', 'bank -5 USD', 'alice 5 USD') \g /dev/null
select is(set($$'alice', 'EUR', 50.5$$), '100', 'raised');
select is(set($$'alice', 'USD', -1$$), '5', 'another currency has a floor of its own');
select is(set($$'alice', 'EUR', 100$$), '100', 'a floor at the balance');
select refused('faultline_operator', $$select faultline.set_account('alice', 'EUR', 100.01)$$, 'FL008', 'account alice is at 100 EUR, below a floor of 100.01', 'Choose a floor at the balance or below it');
select refuses($$select faultline.set_account('nobody', 'EUR', 1)$$, 'FL008', 'account nobody is at 0 EUR, below a floor of 1', 'nor one above 0 for an account that was never used');
select is(floors(), 'alice 100 EUR, alice -1 USD', 'these are the floors');

-- Each is one account in one currency, whatever floor its neighbours have.
select is(set(a), '0', 'the same floor for ' || a) from unnest(array[$$'carol', 'EUR', 0$$, $$'carol', 'CHF', 0$$, $$'dora', 'EUR', 0$$, $$'dora', 'EUR', -5$$]) a;
select is(floors(), 'alice 100 EUR, alice -1 USD, carol 0 CHF, carol 0 EUR, dora -5 EUR', 'each has its own');
select set($$'carol', 'EUR', null$$) \g /dev/null
select is(floors(), 'alice 100 EUR, alice -1 USD, carol 0 CHF, dora -5 EUR', 'and loses its own');
select set(a) from unnest(array[$$'carol', 'CHF', null$$, $$'dora', 'EUR', null$$]) a \g /dev/null

-- Exact: what is debited stays at the floor or above.
select set($$'alice', 'EUR', 40$$) \g /dev/null
select at_work('t2') \g /dev/null
select refused('faultline_runner', $$select 1 from faultline.apply_ledger(tap.id('t2'), 1, 't2', '{}', tap.posts('alice -60.01 EUR', 'bob 60.01 EUR'))$$, 'FL008',
  'account alice would be at 39.99 EUR, below its floor of 40', 'Nothing was applied. Credit the account first, or lower its floor with set_account.');
select is(run($$select created::text from faultline.apply_ledger(tap.id('t2'), 1, 't2', '{}', tap.posts('alice -60 EUR', 'bob 60 EUR'))$$), 'true', 'down to the floor, not below it');
select is(faultline.account_balance('alice', 'EUR'), 40::numeric, 'which it is at now');

-- NULL: none.
select is(set($$'alice', 'EUR', null$$), '40', 'NULL takes it away');
begin; select set($$'alice', 'EUR', null$$), set($$'nobody', 'EUR', null$$) \g /dev/null
select changes_nothing('faultline_operator', $$select faultline.set_account('alice', 'EUR', null)$$, '40', 'repeated, it changes nothing');
select changes_nothing('faultline_operator', $$select faultline.set_account('nobody', 'EUR', null)$$, '0', 'nor where there was none');
commit;
select is(floors(), 'alice -1 USD', 'it is gone');
select is((array(select event_lines('all')))[13], 'set_account {"account": "alice", "currency": "EUR"}', 'which is on record');
select moved('t3', 'alice -1000 EUR', 'bob 1000 EUR') \g /dev/null
select is(faultline.account_balance('alice', 'EUR'), -960::numeric, 'and without a floor there is no bottom');

-- Limits, from both sides.
select refuses(format('select faultline.set_account(%s)', a), 'FL004', m, a)
from (values
  ($$null, 'EUR', 0$$, 'account NULL is not a name'), ($$'a b', 'EUR', 0$$, 'account ''a b'' is not a name'), ($$'a', null, 0$$, 'currency NULL is not a name'),
  ($$'a', repeat('c', 129), 0$$, 'currency ''' || repeat('c', 129) || ''' is not a name'),
  ($$'a', 'EUR', -1e20$$, 'floor -100000000000000000000 is out of bounds'), ($$'a', 'EUR', 'NaN'$$, 'floor "NaN" is out of bounds'),
  ($$'a', 'EUR', '-Infinity'$$, 'floor "-Infinity" is out of bounds'), ($$'a', 'EUR', -0.0000000000000000001$$, 'floor -0.0000000000000000001 is out of bounds')) v (a, m);
select is(set(a), '0', a) from unnest(array[$$'a', 'EUR', -99999999999999999999.999999999999999999$$, $$repeat('a', 128), repeat('c', 128), -0.000000000000000001$$]) a;
begin isolation level repeatable read;
select refuses($$select faultline.set_account('a', 'EUR', 0)$$, 'FL004', 'set_account does not work in a transaction that is REPEATABLE READ', 'an older snapshot does not see what it waited for');
commit;
select refused(role, $$select faultline.set_account('a', 'EUR', 0)$$, '42501', 'permission denied for function set_account') from unnest(array['faultline_producer', 'faultline_runner', 'faultline_observer']) role;
select healthy('all is well');

select * from finish();
