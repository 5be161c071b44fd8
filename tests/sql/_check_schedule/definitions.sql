\ir ../../support/schedules.sql
begin;
select * from no_plan();

select begun('{"a": {"type": "t"}}') \g /dev/null
-- With all defaults.
select is(faultline._check_schedule(given), stored, given::text)
from (values
  ('{"name": "n", "every": "90 minutes", "type": "t"}'::jsonb,
   '{"name": "n", "every": 5400, "type": "t", "payload": {}, "queue": "default", "priority": 2, "missed": "latest", "missed_window": 31622400, "overlap": "allow"}'::jsonb),
  ('{"name": "n", "cron": "@daily", "timezone": "UTC", "workflow": "w", "missed": "all", "overlap": "skip", "description": null}',
   '{"name": "n", "cron": "@daily", "timezone": "UTC", "workflow": "w", "input": {}, "missed": "all", "missed_window": 86400, "missed_limit": 100, "overlap": "skip"}'),
  ('{"name": "n", "every": 1, "type": "t", "missed": "skip", "starts_at": "2030-01-31T09:00:00+01:00", "ends_at": "2030-01-31T08:00:00.5Z"}',
   '{"name": "n", "every": 1, "type": "t", "payload": {}, "queue": "default", "priority": 2, "missed": "skip", "overlap": "allow", "starts_at": "2030-01-31T08:00:00Z", "ends_at": "2030-01-31T08:00:00.5Z"}'),
  ('{"name": "n", "every": "366 days", "type": "t", "payload": {"a": 1}, "queue": "q", "priority": 1.0, "max_attempts": 3.0, "backoff": {"delay": "1s"}, "timeout": "500ms", "tags": ["x"], "headers": {"h": 1}, "missed": "all", "missed_window": "60s", "missed_limit": 1000, "jitter": "1 day", "description": "d"}',
   '{"name": "n", "every": 31622400, "type": "t", "payload": {"a": 1}, "queue": "q", "priority": 1, "max_attempts": 3, "backoff": {"delay": "1s"}, "timeout": 0.5, "tags": ["x"], "headers": {"h": 1}, "missed": "all", "missed_window": 60, "missed_limit": 1000, "jitter": 86400, "description": "d", "overlap": "allow"}'),
  ('{"name": "n", "every": "1s", "workflow": "w", "input": {"day": 1}, "missed_window": "366 days"}',
   '{"name": "n", "every": 1, "workflow": "w", "input": {"day": 1}, "missed": "latest", "missed_window": 31622400, "overlap": "allow"}')) v (given, stored);
select is(faultline._check_schedule(stored), stored, 'what is stored can be put: it is the same') from faultline._check_schedule('{"name": "n", "every": "1 day", "type": "t", "jitter": "1500ms", "timeout": 7, "ends_at": "2030-01-31T08:00Z"}') stored;
select is(faultline._check_schedule(format('{"name": "n", "every": 1, "type": "t", "payload": {"x": %s}}', to_jsonb(repeat('x', 262091)))::jsonb) ->> 'name', 'n', 'the largest payload');
select is(faultline._check_schedule(format('{"name": "%s", "every": 1, "type": "t", "description": "%s", "source": "%s"}', repeat('n', 128), repeat('d', 1000), repeat('s', 128))::jsonb) ->> 'name', repeat('n', 128), 'the longest name, description and source');
-- What the session has set changes nothing.
set local intervalstyle = 'sql_standard';
set local datestyle = 'German';
select is(faultline._check_schedule('{"name": "n", "every": "90 minutes", "type": "t", "starts_at": "2030-01-31T09:00:00+01:00"}') ->> 'every', '5400', 'whatever the session''s styles');
reset intervalstyle;
reset datestyle;

-- Errors: the key is the error's column.
select faults(format('select faultline._check_schedule(%L::jsonb || %L)', '{"name": "n", "every": "1m", "type": "t"}', given), message, hint, split_part(message, ':', 1))
from (values
  ('{"nam": 1, "at": 1}', 'the schedule: it has the unknown key ''at''', 'Its keys: name, description, source, cron, every, timezone, type, payload, queue, priority, max_attempts, backoff, timeout, tags, headers, workflow, input, missed, missed_window, missed_limit, overlap, jitter, starts_at, ends_at'),
  ('{"name": null}', 'name: it is missing', 'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -'),
  ('{"name": "a b"}', 'name: ''a b'' is not a name', 'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -'),
  ('{"name": 5}', 'name: 5 is not a text', 'Put it in quotes'),
  ('{"source": "a file.yaml"}', 'source: ''a file.yaml'' is not a name', 'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -'),
  ('{"source": ""}', 'source: '''' is not a name', 'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -'),
  ('{"source": 5}', 'source: 5 is not a text', 'Put it in quotes'),
  ('{"description": []}', 'description: [] is not a text', 'Put it in quotes'),
  ('{"every": null}', 'cron: it is missing, and so is every', 'For example cron: 0 3 * * * with a timezone, or every: 30s'),
  ('{"cron": "* * * * *"}', 'every: cron is given too', 'A schedule has one of them'),
  ('{"timezone": "UTC"}', 'timezone: every has none', 'It is counted from 1970-01-01 00:00 UTC: leave timezone out, or write a cron expression'),
  ('{"every": "0s"}', 'every: "0s" is out of bounds', 'It lies between 00:00:01 and 366 days'),
  ('{"every": 0.999}', 'every: 0.999 is out of bounds', 'It lies between 00:00:01 and 366 days'),
  ('{"every": "-1s"}', 'every: "-1s" is out of bounds', 'It lies between 00:00:01 and 366 days'),
  ('{"every": "367 days"}', 'every: "367 days" is out of bounds', 'It lies between 00:00:01 and 366 days'),
  ('{"every": 1.5}', 'every: 1.5 is not a number of whole seconds', 'Write 1s or more, without a fraction'),
  ('{"every": "1 month"}', 'every: "1 month" is not a number of whole seconds', 'Months and years have different lengths: write a cron expression'),
  ('{"every": "1 year"}', 'every: "1 year" is not a number of whole seconds', 'Months and years have different lengths: write a cron expression'),
  ('{"every": "often"}', 'every: "often" is not a duration', 'Write "500ms", "10m" or "1 hour"'),
  ('{"every": null, "cron": "* * * * *"}', 'timezone: it is missing, and cron needs one', 'For example Europe/Berlin, or UTC'),
  ('{"every": null, "cron": 5, "timezone": "UTC"}', 'cron: 5 is not a text', 'Put it in quotes'),
  ('{"every": null, "cron": "* * * * *", "timezone": "Mars/Olympus"}', 'timezone: ''Mars/Olympus'' is unknown', 'A name of the IANA database, such as Europe/Berlin; pg_timezone_names lists them'),
  ('{"every": null, "cron": "0 25 * * *", "timezone": "UTC"}', 'cron: hour ''25'' at character 3 is out of bounds', 'It lies between 0 and 23'),
  ('{"starts_at": "tomorrow"}', 'starts_at: "tomorrow" is not a time with an offset', 'For example "2030-01-31T09:00:00+01:00", or with a Z for UTC'),
  ('{"starts_at": "2030-01-31T09:00Z", "ends_at": "2030-01-31T09:00Z"}', 'ends_at: 2030-01-31T09:00:00Z is not later than starts_at, 2030-01-31T09:00:00Z', 'A schedule ends after it starts'),
  ('{"type": null}', 'type: it is missing, and so is workflow', 'For example type: report, or workflow: nightly-report'),
  ('{"workflow": "w"}', 'workflow: type is given too', 'A schedule makes jobs of a type, or runs of a workflow'),
  ('{"input": {}}', 'input: a job has none', 'Write payload'),
  ('{"priority": 5}', 'priority: priority 5 is out of bounds', '1, 2, 3 or 4; 1 runs first'),
  ('{"timeout": "0s"}', 'timeout: "0s" is out of bounds', 'It lies between 00:00:00.001 and 366 days'),
  ('{"headers": {"faultline.tick": 1}}', 'headers: faultline.tick is given', 'That is where a job has its schedule and tick'),
  ('{"type": null, "workflow": "w", "payload": {}}', 'payload: a run has none', 'Write input'),
  ('{"type": null, "workflow": "w", "jitter": "1s"}', 'jitter: a run has none', 'A run begins at once'),
  ('{"type": null, "workflow": "w", "queue": "q"}', 'queue: a run has none', 'The tasks of the workflow say that'),
  ('{"type": null, "workflow": "w", "timeout": 1}', 'timeout: a run has none', 'The tasks of the workflow say that'),
  ('{"type": null, "workflow": "w", "input": []}', 'input: [] is not an object', 'As in enqueue'),
  ('{"payload": {"tick_at": 1}}', 'payload: tick_at is given', 'That is where the time of the tick stands: give yours another name'),
  ('{"type": null, "workflow": "w", "input": {"tick_at": 1}}', 'input: tick_at is given', 'That is where the time of the tick stands: give yours another name'),
  ('{"missed": "some"}', 'missed: ''some'' is unknown', 'skip, latest or all'),
  ('{"overlap": "queue"}', 'overlap: ''queue'' is unknown', 'allow or skip'),
  ('{"missed": "skip", "missed_window": "1h"}', 'missed_window: missed: skip has none', 'It is for latest and all'),
  ('{"missed_window": "59s"}', 'missed_window: "59s" is out of bounds', 'It lies between 00:01:00 and 366 days'),
  ('{"missed_window": "367 days"}', 'missed_window: "367 days" is out of bounds', 'It lies between 00:01:00 and 366 days'),
  ('{"missed_limit": 5}', 'missed_limit: missed: latest has none', 'It is for all'),
  ('{"missed": "all", "missed_limit": 0}', 'missed_limit: 0 is out of bounds', 'A whole number between 1 and 1000'),
  ('{"missed": "all", "missed_limit": 1001}', 'missed_limit: 1001 is out of bounds', 'A whole number between 1 and 1000'),
  ('{"missed": "all", "missed_limit": 1.5}', 'missed_limit: 1.5 is out of bounds', 'A whole number between 1 and 1000'),
  ('{"missed": "all", "missed_limit": "many"}', 'missed_limit: "many" is out of bounds', 'A whole number between 1 and 1000'),
  ('{"jitter": "1 day 1s"}', 'jitter: "1 day 1s" is out of bounds', 'It lies between 00:00:00 and 1 day')) v (given, message, hint);
select faults(format('select faultline._check_schedule(%L)', given), message, hint, '')
from (values (null, 'the schedule is not an object but NULL', 'For example {"name": "nightly", "cron": "0 3 * * *", "timezone": "Europe/Berlin", "type": "report"}'),
  ('[]', 'the schedule is not an object but of type array', 'For example {"name": "nightly", "cron": "0 3 * * *", "timezone": "Europe/Berlin", "type": "report"}')) v (given, message, hint);
select faults(format($$select faultline._check_schedule(jsonb_build_object('name', 'n', 'every', 1, 'type', 't') || %s)$$, more), message, hint, split_part(message, ':', 1))
from (values
  ($$jsonb_build_object('name', repeat('n', 129))$$, format('name: %L is not a name', repeat('n', 129)), 'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -'),
  ($$jsonb_build_object('source', repeat('n', 129))$$, format('source: %L is not a name', repeat('n', 129)), 'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -'),
  ($$jsonb_build_object('description', repeat('n', 1001))$$, 'description: it has 1001 characters', 'At most 1000'),
  ($$jsonb_build_object('payload', jsonb_build_object('x', repeat('x', 262092)))$$, 'payload: it has 262101 bytes as text', 'At most 262100: store the data elsewhere and pass a reference'),
  ($$jsonb_build_object('payload', jsonb_build_object('x', repeat('x', 300000)))$$, 'payload: the payload has 300009 bytes as text', 'At most 262144 (256 KiB): store the data elsewhere and enqueue a reference')) v (more, message, hint);
select throws_ok($$select faultline._check_schedule('{"name": "n", "every": 1e300, "type": "t"}')$$, 'FL004', null, 'what no interval holds');
select throws_ok($$select faultline._check_schedule('{"name": "n", "every": 1, "workflow": "none"}')$$, 'FL005', 'workflow: there is no workflow none', 'a workflow has to be put first');
select throws_ok($$select faultline._check_schedule('{"name": "n", "every": 1, "workflow": "a b"}')$$, 'FL004', 'workflow ''a b'' is not a name', 'under its name');

select * from finish();
rollback;
