\ir ../../support/operating.sql
select * from no_plan();

select lives_ok($$select faultline._check_settings('{}', '{a,b}')$$, 'no key at all is right');
select lives_ok($$select faultline._check_settings('{"a": 1, "b": null}', '{a,b}')$$, 'the known keys are right, whatever their values');
select lives_ok($$select faultline._check_settings('{"backoff": null}', '{backoff}')$$, 'backoff null is the default''s, and no bad backoff');
select lives_ok($$select faultline._check_settings('{"backoff": {"kind": "fixed"}}', '{backoff}')$$, 'a good backoff passes');

select refused('postgres', $$select faultline._check_settings(null, '{a,b}')$$,
  'FL004', 'settings is not an object but NULL', 'Its keys are a, b');
select refused('postgres', $$select faultline._check_settings('null', '{a,b}')$$,
  'FL004', 'settings is not an object but of type null', 'Its keys are a, b');
select refused('postgres', $$select faultline._check_settings('[1]', '{a,b}')$$,
  'FL004', 'settings is not an object but of type array', 'Its keys are a, b');
select refused('postgres', $$select faultline._check_settings('"a"', '{a,b}')$$,
  'FL004', 'settings is not an object but of type string', 'Its keys are a, b');
select refused('postgres', $$select faultline._check_settings('{"a": 1, "c": 2}', '{a,b}')$$,
  'FL004', '''c'' is not a setting', 'The settings are a, b');
select refused('postgres', $$select faultline._check_settings('{"A": 1}', '{a,b}')$$,
  'FL004', '''A'' is not a setting', 'The settings are a, b');
select refused('postgres', format($$select faultline._check_settings('{"%s": 1}', '{a,b}')$$, repeat('k', 5000)),
  'FL004', '''' || repeat('k', 100) || ''' is not a setting', 'The settings are a, b');
select refused('postgres', $$select faultline._check_settings('{"backoff": {"kind": "linear"}}', '{backoff}')$$,
  'FL004', 'backoff kind ''linear'' is unknown');
select refused('postgres', $$select faultline._check_settings('{"backoff": "1s"}', '{backoff}')$$,
  'FL004', 'backoff "1s" is not an object');

select * from finish();
