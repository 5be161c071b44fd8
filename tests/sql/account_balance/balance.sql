\ir ../../support/ledger.sql
select * from no_plan();

-- What was posted, added up: with and without checkpoints, in each currency.
create function tap.ask(arguments text) returns text language sql as $$ select tap.observe(format('select faultline.account_balance(%s)::text', arguments)) $$;
select is(ask($$'nobody'$$), '0', 'an account that was never used is at 0');
select is(ask($$'nobody', 'EUR'$$), '0', 'in any currency');
select moved('t1', 'alice -10.25 EUR', 'bob 10.25 EUR') \g /dev/null
select moved('t2', 'alice -1 EUR', 'bob 1 EUR') \g /dev/null
select is(ask(a), b, a) from (values ($$'alice'$$, '-11.25'), ($$'bob'$$, '11.25'), ($$'alice', 'EUR'$$, '-11.25'), ($$'alice', null$$, '-11.25'), ($$'alice', 'USD'$$, '0'), ($$'ali'$$, '0')) v (a, b);
select moved('t3', 'alice 5 USD', 'bob -5 USD', 'alice 3 CHF', 'carol -3 CHF', 'alice -8.75 EUR', 'bob 8.75 EUR') \g /dev/null
create table tap.expected (account text, currency text, balance numeric, floor numeric);
insert into tap.expected values ('alice', 'CHF', 3, null), ('alice', 'EUR', -20, null), ('alice', 'USD', 5, null), ('bob', 'EUR', 20, null), ('bob', 'USD', -5, null), ('carol', 'CHF', -3, null);
create function tap.all_right(description text) returns setof text language plpgsql as $$
begin
  return next results_eq('select account, currency, balance, floor from faultline.account_balances order by 1, 2', 'select * from tap.expected order by 1, 2', 'the view, ' || description);
  return next is_empty('select * from tap.expected e where faultline.account_balance(e.account, e.currency) <> e.balance', 'the function, ' || description);
  return next healthy('verify, ' || description);
end
$$;
select all_right('from postings alone');
select faultline.maintain() \g /dev/null
select faultline.maintain() \g /dev/null
select isnt_empty('select from faultline.account_checkpoints', 'there are checkpoints now');
select all_right('from checkpoints alone');
select moved('t4', 'alice -1 USD', 'dora 1 USD') \g /dev/null
update tap.expected set balance = 4 where account = 'alice' and currency = 'USD';
insert into tap.expected values ('dora', 'USD', 1, null);
select all_right('from both');
select refused('faultline_observer', $$select faultline.account_balance('alice')$$, 'FL004', 'account alice has balances in CHF, EUR, USD', 'Name the currency');
select refuses($$select faultline.account_balance('bob')$$, 'FL004', 'account bob has balances in EUR, USD', 'two are too many');
select is(ask($$'carol'$$), '-3', 'the only currency need not be named');

-- A floor makes an account known.
select faultline.set_account('bob', 'EUR', 0), faultline.set_account('new', 'EUR', -7.5) \g /dev/null
update tap.expected set floor = 0 where account = 'bob' and currency = 'EUR';
insert into tap.expected values ('new', 'EUR', 0, -7.5);
select all_right('with floors');

select refuses(format('select faultline.account_balance(%L)', a), 'FL004', 'account ' || coalesce(quote_literal(left(a, 140)), 'NULL') || ' is not a name', 'no account ' || coalesce(left(a, 5), 'NULL'))
from unnest(array[null, '', 'a b', repeat('a', 129)]) a;
select changes_nothing(role, $$select faultline.account_balance('alice', 'EUR')::text$$, '-20.00', role || ' may, which changes nothing') from unnest(array['faultline_runner', 'faultline_observer', 'faultline_operator']) role;
select refused('faultline_producer', $$select faultline.account_balance('a')$$, '42501', 'permission denied for function account_balance');
begin read only;
select is(ask($$'carol'$$), '-3', 'it works in a read-only transaction');
commit;
select is((entry > 0, balance), (true, -3::numeric), 'a statement sees one moment: not what it posts itself')
from (select moved('t5', 'carol -1 CHF', 'dora 1 CHF') as entry, faultline.account_balance('carol') as balance offset 0) statement;
select is(ask($$'carol'$$), '-4', 'which the next one sees');

select * from finish();
