\ir ../../support/prelude.sql
begin;
select * from no_plan();

select lives_ok(format('select faultline._check_amount(''amount'', %L)', a), 'an amount: ' || a)
from unnest(array['0', '1', '-1', '12.50', '"12.50"', '"-1e3"', '1e19', '99999999999999999999.999999999999999999', '-99999999999999999999', '0.000000000000000001', '"0.000000000000000001"']) a;
select refuses(format('select faultline._check_amount(''the sum'', %L)', a), 'FL004', m, coalesce(a, 'NULL'))
from (values
  (null, 'the sum NULL is not a number'), ('null', 'the sum null is not a number'), ('true', 'the sum true is not a number'), ('{}', 'the sum {} is not a number'), ('[]', 'the sum [] is not a number'),
  ('""', 'the sum "" is not a number'), ('"1,5"', 'the sum "1,5" is not a number'), ('"12 EUR"', 'the sum "12 EUR" is not a number'), ('"1e999999"', 'the sum "1e999999" is not a number'),
  ('"NaN"', 'the sum "NaN" is out of bounds'), ('"Infinity"', 'the sum "Infinity" is out of bounds'), ('"-Infinity"', 'the sum "-Infinity" is out of bounds'),
  ('100000000000000000000', 'the sum 100000000000000000000 is out of bounds'), ('-1e20', 'the sum -100000000000000000000 is out of bounds'), ('"1e20"', 'the sum "1e20" is out of bounds'),
  ('"1e400"', 'the sum "1e400" is out of bounds'), ('0.0000000000000000001', 'the sum 0.0000000000000000001 is out of bounds'), ('"1.0000000000000000000"', 'the sum "1.0000000000000000000" is out of bounds')) v (a, m);
-- The message stays short, whatever it is about.
select refuses(format('select faultline._check_amount(''amount'', %L)', '"' || repeat('9', 1000) || '"'), 'FL004', 'amount "' || repeat('9', 99) || ' is out of bounds', 'a long text');
select refuses(format('select faultline._check_amount(''amount'', %L)', '"' || repeat('x', 1000) || '"'), 'FL004', 'amount "' || repeat('x', 99) || ' is not a number', 'of whatever kind');

select * from finish();
rollback;
