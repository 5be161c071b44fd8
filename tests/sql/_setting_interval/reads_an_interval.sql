\ir ../../support/operating.sql
select * from no_plan();

\set call 'select faultline._setting_interval(%L, ''t'', ''1 second'', ''1 day'')'
select is(faultline._setting_interval('{"t": "5m"}', 't', '1 second', '1 day'), '5 minutes', 'an interval as PostgreSQL reads it');
select is(faultline._setting_interval('{"t": "1 second"}', 't', '1 second', '1 day'), '1 second', 'the lowest');
select is(faultline._setting_interval('{"t": "24:00:00"}', 't', '1 second', '1 day'), '24 hours', 'the highest');
select is(faultline._setting_interval('{"t": null}', 't', '1 second', '1 day'), null, 'null is NULL');
select is(faultline._setting_interval('{}', 't', '1 second', '1 day'), null, 'a missing key is NULL');

select refused('postgres', format(:'call', format('{"t": "%s"}', given)), 'FL004', format('t %s is out of bounds', given::interval),
  'It lies between 00:00:01 and 1 day')
from unnest(array['999 ms', '24:00:00.000001', '0', '-1 second', '-1 day', '1000 years']) as given;
select refused('postgres', format(:'call', format('{"t": %s}', given)), 'FL004',
  format('t %s is not an interval in a string', left(given::jsonb::text, 100)), 'For example "30 seconds"')
from unnest(array['30', '1.5', '1e400', 'true', '["1s"]', '{"s": 1}']) as given;
select refused('postgres', format(:'call', format('{"t": "%s"}', given)), 'FL004',
  format('t %L is not an interval', left(given, 100)), 'For example "30 seconds"')
from unnest(array['soon', '', '1 parsec', '999999999 years', repeat('9', 500) || ' s']) as given;
-- PostgreSQL 17 knows infinite intervals; they are beyond every bound, before they are no intervals.
select throws_ok(format(:'call', format('{"t": "%s"}', given)), 'FL004')
from unnest(array['infinity', '-infinity']) as given;

select * from finish();
