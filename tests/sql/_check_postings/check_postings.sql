\ir ../../support/ledger.sql
begin;
select * from no_plan();

create function tap.checked(postings text) returns text language plpgsql as $$
begin
  perform faultline._check_postings(postings::jsonb);
  return 'fine';
exception when sqlstate 'FL004' then
  return sqlerrm;
end
$$;
select is(checked(p), 'fine', left(coalesce(p, 'NULL'), 200))
from (values (null),
  ('[{"account": "a", "amount": -1, "currency": "EUR"}, {"account": "b", "amount": 1, "currency": "EUR"}]'),
  ('[{"account": "a", "amount": "-1.50", "currency": "EUR"}, {"account": "b", "amount": 1.5, "currency": "EUR"}]'),
  ('[{"account": "a", "amount": 1, "currency": "EUR"}, {"account": "a", "amount": -1, "currency": "EUR"}]'),
  ('[{"account": "a", "amount": 1, "currency": "EUR"}, {"account": "b", "amount": -1, "currency": "EUR"}, {"account": "a", "amount": 2e3, "currency": "USD"}, {"account": "b", "amount": -2000, "currency": "USD"}]'),
  ('[{"account": "a", "amount": -99999999999999999999.999999999999999999, "currency": "EUR"}, {"account": "b", "amount": 99999999999999999999.999999999999999999, "currency": "EUR"}]'),
  ('[{"account": "a", "amount": 0.000000000000000001, "currency": "EUR"}, {"account": "b", "amount": -0.000000000000000001, "currency": "EUR"}]'),
  (format('[{"account": "%1$s", "amount": 1, "currency": "%1$s"}, {"account": "b", "amount": -1, "currency": "%1$s"}]', repeat('n', 128)))) v (p);
select is(checked(p), m, left(p, 200))
from (values
  ('{}', 'postings is not an array but of type object'), ('null', 'postings is not an array but of type null'), ('"a"', 'postings is not an array but of type string'),
  ('[]', 'the entry has 0 postings'), ('[7]', 'posting 1: it is not an object but of type number'), ('[null]', 'posting 1: it is not an object but of type null'),
  ('[{"account": "a", "amount": 1, "currency": "EUR"}, []]', 'posting 2: it is not an object but of type array'),
  ('[{"account": "a", "amount": 1, "currency": "EUR", "note": "x"}]', 'posting 1: it has the unknown key ''note'''),
  ('[{"account": "a", "amount": 1, "currency": "EUR", "a": 1, "b": 2}]', 'posting 1: it has the unknown key ''a'''),
  (format('[{"account": "a", "amount": 1, "currency": "EUR", "%s": 1}]', repeat('k', 101)), 'posting 1: it has the unknown key ''' || repeat('k', 100) || ''''),
  ('[{"amount": 1, "currency": "EUR"}]', 'posting 1: account NULL is not a name'), ('[{"account": "a b", "amount": 1, "currency": "EUR"}]', 'posting 1: account ''a b'' is not a name'),
  ('[{"account": null, "amount": 1, "currency": "EUR"}]', 'posting 1: account NULL is not a name'),
  ('[{"account": "a", "amount": 1}]', 'posting 1: currency NULL is not a name'), ('[{"account": "a", "amount": 1, "currency": "€"}]', 'posting 1: currency ''€'' is not a name'),
  ('[{"account": "a", "currency": "EUR"}]', 'posting 1: amount NULL is not a number'), ('[{"account": "a", "amount": null, "currency": "EUR"}]', 'posting 1: amount null is not a number'),
  (format('[{"account": "%s", "amount": 1, "currency": "EUR"}]', repeat('n', 129)), 'posting 1: account ''' || repeat('n', 129) || ''' is not a name'),
  (format('[{"account": "a", "amount": 1, "currency": "%s"}]', repeat('n', 129)), 'posting 1: currency ''' || repeat('n', 129) || ''' is not a name'),
  ('[{"account": "a", "amount": "x", "currency": "EUR"}]', 'posting 1: amount "x" is not a number'), ('[{"account": "a", "amount": "1x", "currency": "EUR"}]', 'posting 1: amount "1x" is not a number'),
  ('[{"account": "a", "amount": true, "currency": "EUR"}]', 'posting 1: amount true is not a number'), ('[{"account": "a", "amount": {"1": 1}, "currency": "EUR"}]', 'posting 1: amount {"1": 1} is not a number'), ('[{"account": "a", "amount": [1], "currency": "EUR"}]', 'posting 1: amount [1] is not a number'),
  ('[{"account": "a", "amount": "NaN", "currency": "EUR"}]', 'posting 1: amount "NaN" is out of bounds'), ('[{"account": "a", "amount": "infinity", "currency": "EUR"}]', 'posting 1: amount "infinity" is out of bounds'),
  ('[{"account": "a", "amount": 1e20, "currency": "EUR"}]', 'posting 1: amount 100000000000000000000 is out of bounds'),
  ('[{"account": "a", "amount": 1.0000000000000000001, "currency": "EUR"}]', 'posting 1: amount 1.0000000000000000001 is out of bounds'),
  ('[{"account": "a", "amount": 0, "currency": "EUR"}]', 'posting 1: amount is 0'), ('[{"account": "a", "amount": "-0.00", "currency": "EUR"}]', 'posting 1: amount is 0'),
  ('[{"account": "a", "amount": 1, "currency": "EUR"}]', 'the postings in EUR add up to 1'),
  ('[{"account": "a", "amount": 1, "currency": "EUR"}, {"account": "b", "amount": -1, "currency": "USD"}]', 'the postings in EUR add up to 1'),
  ('[{"account": "a", "amount": 1, "currency": "EUR"}, {"account": "b", "amount": -0.999999999999999999, "currency": "EUR"}]', 'the postings in EUR add up to 0.000000000000000001')) v (p, m);
select refuses($$select faultline._check_postings('[]')$$, 'FL004', 'the entry has 0 postings', 'it says what to do');
select refuses($$select faultline._check_postings('[7]')$$, 'FL004', 'posting 1: it is not an object but of type number', 'also about one of them');

create function tap.many(n int) returns text language sql as $$
select jsonb_agg(jsonb_build_object('account', 'a' || i, 'currency', 'EUR', 'amount', case when i = 1 then 1 - n else 1 end))::text from generate_series(1, n) i
$$;
select is(checked(many(1000)), 'fine', 'a thousand');
select is(checked(many(1001)), 'the entry has 1001 postings', 'not a thousand and one');
select is(checked(jsonb_set(many(1000)::jsonb, '{999,amount}', '"x"')::text), 'posting 1000: amount "x" is not a number', 'the place is told');
select at_work('many');
select is(created, true, 'a thousand are written') from faultline.apply_ledger(id('many'), 1, 'many', '{}', many(1000)::jsonb);
set constraints all immediate;
select is(count(*), 1000::bigint, 'all of them') from faultline.postings;

-- Of several currencies the first is told; also in a session that has PL/pgSQL refuse rows that are left out (which it
-- looks at when it compiles a function).
set local plpgsql.extra_errors = 'too_many_rows';
alter function faultline._check_postings(jsonb) cost 100;
select is(checked('[{"account": "a", "amount": 1, "currency": "USD"}, {"account": "a", "amount": -2, "currency": "EUR"}]'), 'the postings in EUR add up to -2', 'EUR before USD');

select * from finish();
rollback;
