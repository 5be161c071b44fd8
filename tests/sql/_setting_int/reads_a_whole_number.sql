\ir ../../support/operating.sql
select * from no_plan();

select is(faultline._setting_int('{"n": 7}', 'n', 1, 10), 7, 'a number');
select is(faultline._setting_int('{"n": 1}', 'n', 1, 10), 1, 'the lowest');
select is(faultline._setting_int('{"n": 10}', 'n', 1, 10), 10, 'the highest');
select is(faultline._setting_int('{"n": 5.0}', 'n', 1, 10), 5, 'a whole number, however it is written');
select is(faultline._setting_int('{"n": 1e1}', 'n', 1, 10), 10, 'also with an exponent');
select is(faultline._setting_int('{"n": null}', 'n', 1, 10), null, 'null is NULL');
select is(faultline._setting_int('{"m": 1}', 'n', 1, 10), null, 'a missing key is NULL');

select refused('postgres', format($$select faultline._setting_int('{"n": %s}', 'n', 1, 10)$$, given),
  'FL004', 'n ' || left(given::jsonb::text, 100) || ' is out of bounds', 'A whole number between 1 and 10')
from unnest(array['0', '11', '-1', '1.5', '9.999999999999999999', '1e400', '-1e400', '"5"', '"x"', 'true', '[5]', '{"n": 5}',
                  '2147483648', '9223372036854775808']) as given;

select * from finish();
