\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Both bounds are in; beyond them, and with parts of both signs, FL004.
select lives_ok(format('select faultline._check_interval(''span'', %L, ''1 second'', ''1 day'')', i), coalesce(i::text, 'NULL') || ' passes')
from unnest(array['1 second', '1 day', '24 hours', '12:00', null]::interval[]) i;
select refuses(format('select faultline._check_interval(''span'', %L, ''1 second'', ''1 day'')', i), 'FL004',
               format('span %s is out of bounds', i), i || ' does not')
from unnest(array['0.999999 seconds', '1 day 0.000001 seconds', '-1 second', '-1 day', '178000000 years', '-178000000 years']::interval[]) i;
select refuses(format('select faultline._check_interval(''span'', %L, ''1 second'', ''400 days'')', i), 'FL004',
               format('span %s has a negative part', i), i || ' compares as positive, but added to a date it may lead backwards')
from unnest(array['-1 month 31 days', '-1 year 361 days', '1 day -1 hour', '1 month -1 day', '-1 day 24:00:01', '1 day -1 second',
                  '1 day -1 minute']::interval[]) i;
select is(timestamptz '2026-03-31 12:00Z' + interval '-1 month 30 days 1 second' < '2026-03-31 12:00Z', true,
          'as this one does: it compares as one second, and is a day less than nothing in March');
select current_setting('server_version_num')::int >= 170000 as has_infinity \gset
\if :has_infinity
select refuses(format('select faultline._check_interval(''span'', %L, ''1 second'', ''1 day'')', i), 'FL004',
               format('span %s is out of bounds', i), i || ' does not')
from unnest(array['infinity', '-infinity']) i;
\endif

select * from finish();
rollback;
