\ir ../../support/operating.sql
select * from no_plan();

-- Sets what is given, and returns the whole row.
select is(operate($$select faultline.set_queue('mail', '{"max_running": 10, "max_attempts": 3, "backoff": {"kind": "fixed", "delay": "2s"}, "lease": "2 minutes"}')$$)::jsonb,
  '{"queue": "mail", "paused_at": null, "paused_note": null, "max_running": 10, "max_attempts": 3, "backoff": {"kind": "fixed", "delay": "2s"}, "lease": "00:02:00"}',
  'all the settings at once');
select is(operate($$select faultline.set_queue('mail', '{"max_running": 20}')$$)::jsonb - 'paused_at' - 'paused_note',
  '{"queue": "mail", "max_running": 20, "max_attempts": 3, "backoff": {"kind": "fixed", "delay": "2s"}, "lease": "00:02:00"}',
  'a missing key stays');
select is(operate($$select faultline.set_queue('mail', '{"max_attempts": null, "backoff": null}')$$)::jsonb - 'paused_at' - 'paused_note',
  '{"queue": "mail", "max_running": 20, "max_attempts": null, "backoff": null, "lease": "00:02:00"}', 'null goes back to the default');
select is(operate($$select faultline.set_queue('mail', '{"max_running": null, "lease": null}')$$)::jsonb,
  '{"queue": "mail", "paused_at": null, "paused_note": null, "max_running": null, "max_attempts": null, "backoff": null, "lease": null}',
  'for each of them');
select results_eq($$select event_lines('mail')$$,
  $$values ('set_queue {"queue": "mail", "settings": {"lease": "2 minutes", "backoff": {"kind": "fixed", "delay": "2s"}, "max_running": 10, "max_attempts": 3}}'),
           ('set_queue {"queue": "mail", "settings": {"max_running": 20}}'),
           ('set_queue {"queue": "mail", "settings": {"backoff": null, "max_attempts": null}}'),
           ('set_queue {"queue": "mail", "settings": {"lease": null, "max_running": null}}')$$,
  'each change is recorded as it was given, what it reset too');
select is((select count(*) from faultline.job_events where actor = session_user and job_id is null), 4::bigint, 'with who did it');

-- A paused queue stays paused.
select operate($$select faultline.pause_queue('mail', 'holiday')$$);
select operate($$select faultline.set_queue('mail', '{"max_running": 1}')$$);
select is((select paused_note from faultline.queues where paused_at is not null and queue = 'mail'), 'holiday', 'a paused queue stays paused');

-- Repeated.
select changes_nothing('faultline_operator', $$select faultline.set_queue('mail', '{"max_running": 1}')->'max_running'$$, '1',
  'repeated, it changes nothing and gives the same answer');
select changes_nothing('faultline_operator', $$select faultline.set_queue('mail', '{}')->'max_running'$$, '1', 'no keys: no change');

-- What the settings do.
select operate($$select faultline.set_queue('q', '{"max_running": 1, "max_attempts": 2, "backoff": {"kind": "fixed", "delay": "1h", "jitter": 0}, "lease": "10 minutes"}')$$);
select job_in('queued', '{"queue": "q"}') as first, job_in('queued', '{"queue": "q", "max_attempts": 7}') as second \gset
select results_eq($$select max_attempts from faultline.jobs where queue = 'q' order by job_id$$, $$values (2), (7)$$,
  'max_attempts holds for jobs that say nothing');
select results_eq($$select job_id, lease_expires_at - started_at from faultline.claim_job('q', gen_random_uuid(), 10)$$,
  format($$values (%s::bigint, interval '10 minutes')$$, :first), 'max_running and lease hold for the next claim');
select run(format($$select faultline.fail_job(%s, 1, '{}')$$, :first));
select ok(run_at - clock_timestamp() between interval '59 minutes' and interval '60 minutes', 'backoff holds for the next failure')
from faultline.jobs where job_id = :first;

-- Limits, from both sides.
select is(operate(format($$select faultline.set_queue('limits', %L) -> %L$$, jsonb_build_object(key, value), key))::jsonb, value, format('%s %s', key, value))
from (values ('max_running', '1'::jsonb), ('max_running', '1000000'), ('max_attempts', '1'), ('max_attempts', '100'), ('max_attempts', '100.0'),
             ('lease', '"00:00:01"'), ('lease', '"24:00:00"'), ('backoff', '{}'), ('backoff', '{"jitter": 0}'), ('backoff', '{"jitter": 1}'),
             ('backoff', '{"delay": "1ms"}'), ('backoff', '{"delay": "366 days", "max_delay": "366 days"}')) as v (key, value);
select refused('faultline_operator', format($$select faultline.set_queue('limits', '{"%s": %s}')$$, key, value), 'FL004',
  format('%s %s is out of bounds', key, left(value::jsonb::text, 100)), format('A whole number between 1 and %s', highest))
from (values ('max_running', 1000000), ('max_attempts', 100)) as k (key, highest),
  unnest(array['0', (highest + 1)::text, '-1', '2.5', '"3"', '1e400', 'true', '[3]', '{}']) as value;
select refused('faultline_operator', format($$select faultline.set_queue('limits', '{"lease": "%s"}')$$, value), 'FL004',
  format('lease %s is out of bounds', value::interval), 'It lies between 00:00:01 and 24:00:00')
from unnest(array['999 ms', '24:00:00.001', '-1 s', '0']) as value;
select refused('faultline_operator', $$select faultline.set_queue('limits', '{"lease": 30}')$$, 'FL004', 'lease 30 is not an interval in a string');
select refused('faultline_operator', $$select faultline.set_queue('limits', '{"lease": "long"}')$$, 'FL004', 'lease ''long'' is not an interval');
select refused('faultline_operator', format($$select faultline.set_queue('limits', '{"backoff": %s}')$$, value), 'FL004', message)
from (values ('"1s"', 'backoff "1s" is not an object'), ('{"kind": "linear"}', 'backoff kind ''linear'' is unknown'),
             ('{"base": 2}', 'backoff has no key ''base'''), ('{"delay": 1}', 'backoff delay 1 is not an interval in a string'),
             ('{"delay": "x"}', 'backoff delay ''x'' is not an interval'), ('{"delay": "0"}', 'backoff delay 00:00:00 is out of bounds'),
             ('{"max_delay": "367 days"}', 'backoff max_delay 367 days is out of bounds'), ('{"jitter": 1.1}', 'backoff jitter 1.1 is out of bounds'),
             ('{"jitter": "0.1"}', 'backoff jitter "0.1" is not a number')) as v (value, message);
select refused('faultline_operator', $$select faultline.set_queue('limits', '{"max_running": 2, "retention": "2 days"}')$$,
  'FL004', '''retention'' is not a setting', 'The settings are max_running, max_attempts, backoff, lease');
select refused('faultline_operator', $$select faultline.set_queue('limits', null)$$, 'FL004', 'settings is not an object but NULL');
select refused('faultline_operator', $$select faultline.set_queue('limits', '[]')$$, 'FL004', 'settings is not an object but of type array');
select refused('faultline_operator', format($$select faultline.set_queue(%L, '{"max_running": 1}')$$, given),
  'FL004', format('queue %s is not a name', coalesce(quote_literal(given), 'NULL')), 'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -')
from unnest(array[null, '', 'two words', repeat('q', 129)]) as given;

select * from finish();
