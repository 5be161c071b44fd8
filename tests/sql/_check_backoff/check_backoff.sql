\ir ../../support/prelude.sql
begin;
select * from no_plan();

select lives_ok(format('select faultline._check_backoff(%L)', b), coalesce(b, 'NULL') || ' is a backoff')
from unnest(array[null, '{}', '{"kind": "exponential"}', '{"kind": "fixed", "delay": "1ms", "max_delay": "366 days", "jitter": 0}', '{"jitter": 1}',
                  '{"kind": null, "delay": null, "max_delay": null, "jitter": null}', '{"delay": "PT5M"}', '{"jitter": 0.999999}', '{"jitter": 1e-400}']) b;
select refuses(format('select faultline._check_backoff(%L)', b), 'FL004', message, b || ' is none: ' || message)
from (values
  ('[]', 'backoff [] is not an object'),
  ('null', 'backoff null is not an object'),
  ('"1s"', 'backoff "1s" is not an object'),
  ('5', 'backoff 5 is not an object'),
  ('{"dealy": "1s"}', 'backoff has no key ''dealy'''),
  ('{"kind": "linear"}', 'backoff kind ''linear'' is unknown'),
  ('{"kind": "FIXED"}', 'backoff kind ''FIXED'' is unknown'),
  ('{"kind": 1}', 'backoff kind ''1'' is unknown'),
  ('{"delay": 1}', 'backoff delay 1 is not an interval in a string'),
  ('{"max_delay": []}', 'backoff max_delay [] is not an interval in a string'),
  ('{"delay": "soon"}', 'backoff delay ''soon'' is not an interval'),
  ('{"max_delay": ""}', 'backoff max_delay '''' is not an interval'),
  ('{"delay": "9999999999 years"}', 'backoff delay ''9999999999 years'' is not an interval'),
  ('{"delay": "0s"}', 'backoff delay 00:00:00 is out of bounds'),
  ('{"delay": "999 microseconds"}', 'backoff delay 00:00:00.000999 is out of bounds'),
  ('{"delay": "-1s"}', 'backoff delay -00:00:01 is out of bounds'),
  ('{"delay": "366 days 1s"}', 'backoff delay 366 days 00:00:01 is out of bounds'),
  ('{"max_delay": "178000000 years"}', 'backoff max_delay 178000000 years is out of bounds'),
  ('{"max_delay": "0"}', 'backoff max_delay 00:00:00 is out of bounds'),
  ('{"delay": "-1 year 361 days"}', 'backoff delay -1 years +361 days has a negative part'),
  ('{"jitter": "0.2"}', 'backoff jitter "0.2" is not a number'),
  ('{"jitter": true}', 'backoff jitter true is not a number'),
  ('{"jitter": -0.1}', 'backoff jitter -0.1 is out of bounds'),
  ('{"jitter": 1.000001}', 'backoff jitter 1.000001 is out of bounds'),
  ('{"jitter": 1e400}', 'backoff jitter ' || left('1' || repeat('0', 400), 100) || ' is out of bounds'),
  (format('{"%s": 1}', repeat('k', 200)), format('backoff has no key ''%s''', repeat('k', 100))),
  (format('"%s"', repeat('k', 200)), format('backoff "%s is not an object', repeat('k', 99))),
  (format('{"kind": "%s"}', repeat('k', 200)), format('backoff kind ''%s'' is unknown', repeat('k', 100))),
  (format('{"delay": ["%s"]}', repeat('k', 200)), format('backoff delay ["%s is not an interval in a string', repeat('k', 98))),
  (format('{"max_delay": "%s"}', repeat('k', 200)), format('backoff max_delay ''%s'' is not an interval', repeat('k', 100))),
  (format('{"jitter": "%s"}', repeat('k', 200)), format('backoff jitter "%s is not a number', repeat('k', 99)))
) v (b, message);
select current_setting('server_version_num')::int >= 170000 as has_infinity \gset
\if :has_infinity
select refuses($$select faultline._check_backoff('{"delay": "infinity"}')$$, 'FL004', 'backoff delay infinity is out of bounds', 'infinity is none');
\endif

select * from finish();
rollback;
