\ir ../../support/schedules.sql
begin;
select * from no_plan();

select is(faultline._schedule_interval('jitter', given, '0', '1 day'), wanted, given::text) from (values ('"90s"'::jsonb, '90 s'::interval), ('90', '90 s'), ('"1 day"', '1 day'), ('0', '0'), ('null', null), (null, null)) v (given, wanted);
select faults(format('select faultline._schedule_interval(''jitter'', %L, ''0'', ''1 day'')', given), 'jitter: ' || message, hint, 'jitter')
from (values ('"soon"', '"soon" is not a duration', 'Write "500ms", "10m" or "1 hour"'), ('"2 days"', '"2 days" is out of bounds', 'It lies between 00:00:00 and 1 day'), ('-1', '-1 is out of bounds', 'It lies between 00:00:00 and 1 day'), ('"1 day -1 hour"', '1 day -01:00:00 has a negative part', 'Write it with one sign, as 23 hours and not 1 day -1 hour')) v (given, message, hint);

select * from finish();
rollback;
