\ir ../../support/schedules.sql
begin;
select * from no_plan();

set timezone = 'Asia/Tokyo';
select current_setting('timezone') as mine \gset
create function tap.is_zone(zone text) returns boolean language plpgsql as $$
begin
  perform faultline._check_zone(zone);
  return true;
exception when sqlstate 'FL004' then
  return false;
end
$$;
create function tap.posix_or_leap(zone text) returns boolean language sql as $$ select zone ~ '^(posix|right)/' or zone in ('localtime', 'posixrules', 'Factory') $$;
select lives_ok(format('select faultline._check_zone(%L)', zone), zone) from unnest(array['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5', 'EST5EDT', 'EST']) zone;
select faults(format('select faultline._check_zone(%L)', zone), format('timezone: %L is unknown', left(zone, 100)), 'A name of the IANA database, such as Europe/Berlin; pg_timezone_names lists them', 'timezone')
from unnest(array['', 'Europe/Atlantis', 'europe/berlin', 'CEST', 'UTC-3', '<+03>-3', 'EST5EDT4', 'Foo3', 'FOO3', '7', '-3.5', 'interval ''1 hour''', 'default', 'Europe', 'Europe/', 'posix/Europe/Berlin', 'right/UTC', 'localtime', 'posixrules', 'Factory', '../etc/passwd', repeat('x', 65), repeat('x', 100000)]) zone;
-- All that the server lists, and nothing that it would take for an offset; without a look at the list for each.
select is(string_agg(z.name, ' '), null, 'every zone of the list') from pg_timezone_names z where not posix_or_leap(z.name) and not is_zone(z.name);
select is(string_agg(z.name, ' '), null, 'and none but in its own capitals') from pg_timezone_names z where is_zone(lower(z.name)) and lower(z.name) <> z.name and not exists (select from pg_timezone_names y where y.name = lower(z.name));
select is(current_setting('timezone'), :'mine', 'the time zone of the caller stays');

select * from finish();
rollback;
