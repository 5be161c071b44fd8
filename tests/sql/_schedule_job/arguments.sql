\ir ../../support/schedules.sql
begin;
select * from no_plan();

select lives_ok(format('select faultline._schedule_job(%L, %L)', key, value), format('%s %s', key, value))
from (values ('type', '"mail"'), ('queue', '"q"'), ('payload', '{"a": 1}'), ('input', '{"a": 1}'), ('priority', '1'), ('priority', '4.0'), ('max_attempts', '100'), ('tags', '["a", "b"]'), ('tags', '[]'), ('headers', '{"a": 1}'),
  ('backoff', '{"kind": "fixed", "delay": "1s"}')) v (key, value);
select faults(format('select faultline._schedule_job(%L, %L)', key, value), key || ': ' || message, hint, key)
from (values
  ('type', '"a b"', 'type ''a b'' is not a name', 'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -'), ('type', '5', '5 is not a text', 'As in enqueue'), ('queue', '""', 'queue '''' is not a name', 'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -'),
  ('queue', '[]', '[] is not a text', 'As in enqueue'), ('payload', '[1]', '[1] is not an object', 'As in enqueue'), ('input', '"x"', '"x" is not an object', 'As in enqueue'), ('headers', '1', '1 is not an object', 'As in enqueue'),
  ('priority', '5', 'priority 5 is out of bounds', '1, 2, 3 or 4; 1 runs first'), ('priority', '1.5', '1.5 is not a whole number', 'As in enqueue'), ('priority', '"high"', '"high" is not a whole number', 'As in enqueue'), ('priority', '1e400', 'priority 1000 is out of bounds', '1, 2, 3 or 4; 1 runs first'),
  ('max_attempts', '0', 'max_attempts 0 is out of bounds', 'It lies between 1 and 100'), ('max_attempts', '-1e400', 'max_attempts -1000 is out of bounds', 'It lies between 1 and 100'),
  ('tags', '[1]', '[1] is not a list of texts', 'As in enqueue'), ('tags', '"a"', '"a" is not a list of texts', 'As in enqueue'), ('tags', '["a b"]', 'tag ''a b'' is not a name', 'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -'),
  ('backoff', '{"kind": "none"}', 'backoff kind ''none'' is unknown', 'For example {"kind": "exponential", "delay": "1s", "max_delay": "1h", "jitter": 0.2}')) v (key, value, message, hint);

select * from finish();
rollback;
