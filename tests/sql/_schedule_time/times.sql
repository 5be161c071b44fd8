\ir ../../support/schedules.sql
begin;
select * from no_plan();

set local datestyle = 'German';
set local timezone = 'Asia/Kathmandu';
select is(faultline._utc(faultline._schedule_time('starts_at', to_jsonb(given))), utc, given)
from (values ('2030-01-31T09:00:00+01:00', '2030-01-31T08:00:00Z'), ('2030-01-31 09:00Z', '2030-01-31T09:00:00Z'), ('2030-01-31T09:00:00.25-0330', '2030-01-31T12:30:00.25Z'), ('2030-01-31T09:00+05', '2030-01-31T04:00:00Z')) v (given, utc);
select is(faultline._schedule_time('starts_at', null), null, 'NULL stays NULL');
select faults(format('select faultline._schedule_time(''ends_at'', %L)', given), format('ends_at: %s is not a time with an offset', given), 'For example "2030-01-31T09:00:00+01:00", or with a Z for UTC', 'ends_at')
from unnest(array['"2030-01-31T09:00:00"', '"2030-01-31"', '"tomorrow"', '"infinity"', '"2030-02-31T09:00:00Z"', '"2030-01-31T25:00:00Z"', '5', '{}', '"2030-01-31T09:00:00 Europe/Berlin"']) given;

select * from finish();
rollback;
