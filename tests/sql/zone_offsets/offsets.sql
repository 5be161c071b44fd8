\ir ../../support/schedules.sql
begin;
select * from no_plan();

set local timezone = 'America/St_Johns';
create function tap.offsets(zone text, first timestamptz, last timestamptz) returns text language sql
as $$ select string_agg(faultline._utc(starts_at) || ' ' || utc_offset, ', ' order by starts_at) from faultline.zone_offsets(zone, first, last) $$;
select is(offsets(zone, first, last), expected, zone)
from (values
  ('UTC', '2026-01-01Z'::timestamptz, '2027-01-01Z'::timestamptz, '2026-01-01T00:00:00Z 00:00:00'),
  ('Europe/Berlin', '2026-01-01Z', '2027-01-01Z', '2026-01-01T00:00:00Z 01:00:00, 2026-03-29T01:00:00Z 02:00:00, 2026-10-25T01:00:00Z 01:00:00'),
  ('Europe/Berlin', '2026-03-29 01:00Z', '2026-03-29 01:00Z', '2026-03-29T01:00:00Z 02:00:00'),
  ('Europe/Berlin', '2026-03-29 00:59:59.5Z', '2026-03-29 01:00Z', '2026-03-29T00:59:59.5Z 01:00:00, 2026-03-29T01:00:00Z 02:00:00'),
  ('Europe/Berlin', '2026-03-28Z', '2026-03-29 00:59:59.999Z', '2026-03-28T00:00:00Z 01:00:00'),
  ('Australia/Lord_Howe', '2026-01-01Z', '2026-12-31Z', '2026-01-01T00:00:00Z 11:00:00, 2026-04-04T15:00:00Z 10:30:00, 2026-10-03T15:30:00Z 11:00:00'),
  ('Pacific/Apia', '2011-12-30Z', '2011-12-31Z', '2011-12-30T00:00:00Z -10:00:00, 2011-12-30T10:00:00Z 14:00:00'),
  ('Asia/Kathmandu', '1985-12-31Z', '1986-01-02Z', '1985-12-31T00:00:00Z 05:30:00, 1985-12-31T18:30:00Z 05:45:00')) v (zone, first, last, expected);
-- Against a look at every quarter of an hour.
select results_eq(format('select starts_at, utc_offset from faultline.zone_offsets(%L, ''2020-01-01Z'', ''2026-01-01Z'') offset 1', zone),
  format($$select m, o from (select m, m at time zone %1$L - m at time zone 'UTC' as o, lag(m at time zone %1$L - m at time zone 'UTC') over (order by m) as before from generate_series('2020-01-01Z'::timestamptz, '2026-01-01Z', '15 min') m) v where o <> before order by m$$, zone), zone)
from unnest(array['America/New_York', 'Africa/Casablanca', 'Africa/Cairo', 'Asia/Tehran', 'Europe/Volgograd', 'America/Nuuk']) zone;
select is(count(*) > 15, true, 'ten years') from faultline.zone_offsets('Europe/Berlin', '2026-01-01Z', '2026-01-01Z'::timestamptz + interval '3660 days');
select is(tap.run('select utc_offset from faultline.zone_offsets(''Asia/Tokyo'', now(), now())'), '09:00:00', 'for a runner');

select throws_ok(format('select faultline.zone_offsets(''UTC'', %L, %L)', first, last), 'FL004', format('%s to %s is no span of time', coalesce(first::text, 'NULL'), coalesce(last::text, 'NULL')), 'no span')
from (values ('2026-01-02Z'::timestamptz, '2026-01-01Z'::timestamptz), ('2026-01-01Z', '2026-01-01Z'::timestamptz + interval '3660 days 1 second'), (null, '2026-01-01Z'), ('2026-01-01Z', null), ('-infinity', '2026-01-01Z'), ('2026-01-01Z', 'infinity')) v (first, last);
select refused('faultline_runner', 'select faultline.zone_offsets(''UTC-3'', now(), now())', 'FL004', 'timezone: ''UTC-3'' is unknown', 'A name of the IANA database, such as Europe/Berlin; pg_timezone_names lists them');
select refused('faultline_observer', 'select faultline.zone_offsets(''UTC'', now(), now())', '42501', 'permission denied for function zone_offsets');

select * from finish();
rollback;
