\ir ../../support/operating.sql
select * from no_plan();

\set defaults '{"retention": "30 days", "event_retention": "90 days", "max_attempts": 5, "backoff": {"kind": "exponential", "delay": "1s", "max_delay": "1h", "jitter": 0.2}, "lease": "00:00:30"}'
select is(to_jsonb(s) - 'only_row', :'defaults'::jsonb, 'what holds at first is what DESIGN promises') from faultline.settings s;
select changes_nothing('faultline_operator', $$select faultline.set_settings('{}') = '$$ || :'defaults' || $$'$$, 'true', 'no keys: no change; all settings are returned');

select is(operate($$select faultline.set_settings('{"retention": "7 days", "event_retention": "14 days", "max_attempts": 9, "backoff": {"kind": "fixed"}, "lease": "1 minute"}')$$)::jsonb,
  '{"retention": "7 days", "event_retention": "14 days", "max_attempts": 9, "backoff": {"kind": "fixed"}, "lease": "00:01:00"}', 'all at once');
select is(operate($$select faultline.set_settings('{"max_attempts": 8}')$$)::jsonb,
  '{"retention": "7 days", "event_retention": "14 days", "max_attempts": 8, "backoff": {"kind": "fixed"}, "lease": "00:01:00"}', 'a missing key stays');
select is(operate(format($$select faultline.set_settings('{"%s": null}') -> '%s'$$, key, key))::jsonb, value, key || ': null goes back to what it is at first')
from jsonb_each(:'defaults') as d (key, value);
select is(to_jsonb(s) - 'only_row', :'defaults'::jsonb, 'all of them are as at first') from faultline.settings s;
select results_eq($$select e from event_lines('all') with ordinality as e (e, place) where place in (1, 2, 3) order by place$$,
  $$values ('set_settings {"settings": {"lease": "1 minute", "backoff": {"kind": "fixed"}, "retention": "7 days", "max_attempts": 9, "event_retention": "14 days"}}'),
           ('set_settings {"settings": {"max_attempts": 8}}'), ('set_settings {"settings": {"lease": null}}')$$,
  'each change is recorded as it was given');
select is((select count(*) from faultline.job_events where actor = session_user), 7::bigint, 'once each, with who did it');
select changes_nothing('faultline_operator', $$select faultline.set_settings('{"lease": "30 seconds", "max_attempts": 5}') ->> 'lease'$$, '00:00:30',
  'repeated, it changes nothing and gives the same answer');

-- What the settings do.
select operate($$select faultline.set_settings('{"max_attempts": 2, "lease": "10 minutes", "backoff": {"kind": "fixed", "delay": "1h", "jitter": 0}}')$$);
select job_in('queued') as job \gset
select is((select lease_expires_at - started_at from faultline.claim_job('default', gen_random_uuid())), '10 minutes', 'lease holds for the next claim');
select run(format($$select faultline.fail_job(%s, 1, '{}')$$, :job));
select results_eq($$select max_attempts, run_at - clock_timestamp() between interval '59 minutes' and interval '60 minutes' from faultline.jobs$$,
  $$values (2, true)$$, 'max_attempts for the next job, backoff for the next failure');

-- Limits, from both sides.
select is(operate(format($$select faultline.set_settings(%L) -> %L$$, jsonb_build_object(key, value), key))::jsonb, value, format('%s %s', key, value))
from (values ('retention', '"1 day"'::jsonb), ('retention', '"3650 days"'), ('event_retention', '"1 day"'), ('event_retention', '"3650 days"'),
             ('max_attempts', '1'), ('max_attempts', '100'), ('lease', '"00:00:01"'), ('lease', '"24:00:00"')) as v (key, value);
select refused('faultline_operator', format($$select faultline.set_settings('{"%s": "%s"}')$$, key, value), 'FL004',
  format('%s %s is out of bounds', key, value::interval), format('It lies between %s', bounds))
from (values ('retention', '23:59:59', '1 day and 3650 days'), ('retention', '3651 days', '1 day and 3650 days'), ('retention', '-1 day', '1 day and 3650 days'),
             ('event_retention', '23:59:59', '1 day and 3650 days'), ('event_retention', '3651 days', '1 day and 3650 days'),
             ('lease', '999 ms', '00:00:01 and 24:00:00'), ('lease', '24:00:01', '00:00:01 and 24:00:00')) as v (key, value, bounds);
select refused('faultline_operator', format($$select faultline.set_settings('{"max_attempts": %s}')$$, value), 'FL004',
  format('max_attempts %s is out of bounds', left(value::jsonb::text, 100)), 'A whole number between 1 and 100')
from unnest(array['0', '101', '-1', '2.5', '"3"', '1e400', 'true']) as value;
select refused('faultline_operator', format($$select faultline.set_settings('{"%s": 30}')$$, key), 'FL004', key || ' 30 is not an interval in a string')
from unnest(array['retention', 'event_retention', 'lease']) as key;
select refused('faultline_operator', format($$select faultline.set_settings('{"%s": "long"}')$$, key), 'FL004', key || ' ''long'' is not an interval')
from unnest(array['retention', 'event_retention', 'lease']) as key;
select refused('faultline_operator', $$select faultline.set_settings('{"backoff": {"jitter": 2}}')$$, 'FL004', 'backoff jitter 2 is out of bounds');
select refused('faultline_operator', $$select faultline.set_settings('{"max_running": 2}')$$,
  'FL004', '''max_running'' is not a setting', 'The settings are retention, event_retention, max_attempts, backoff, lease');
select refused('faultline_operator', $$select faultline.set_settings(null)$$, 'FL004', 'settings is not an object but NULL');
select refused('faultline_operator', $$select faultline.set_settings('"retention"')$$, 'FL004', 'settings is not an object but of type string');

select * from finish();
