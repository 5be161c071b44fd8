\ir ../../support/schedules.sql
begin;
select * from no_plan();

select lives_ok(format('select faultline._check_zone(%L)', zone), zone) from unnest(array['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5']) zone;
select faults(format('select faultline._check_zone(%L)', zone), format('timezone: %L is unknown', left(zone, 100)), 'A name of the IANA database, such as Europe/Berlin; pg_timezone_names lists them', 'timezone')
from unnest(array['', 'Europe/Atlantis', 'europe/berlin', 'CEST', 'UTC-3', '<+03>-3', 'EST5EDT4', 'posix/Europe/Berlin', 'right/UTC', 'localtime', 'posixrules', 'Factory', '../etc/passwd', repeat('x', 65), repeat('x', 100000)]) zone;
-- What a schedule has already needs no look into the files.
select put('s', '{"every": null, "cron": "@daily", "timezone": "Asia/Tokyo"}') \g /dev/null
select lives_ok($$select faultline._check_zone('Asia/Tokyo')$$, 'a zone that a schedule has');

select * from finish();
rollback;
