\ir ../../support/schedules.sql
begin;
select * from no_plan();

-- The ticks of a span, in UTC, of all its seconds that are worth a look: every minute, or every one.
create function tap.ticks(cron text, zone text, first timestamptz, last timestamptz, step interval default '1 min') returns text language sql
as $$ select string_agg(replace(faultline._utc(m), to_char(first at time zone 'UTC', 'YYYY-MM-DD"T"'), ''), ' ' order by m) from generate_series(first, last, step) m, on_calendar(cron, zone) s where faultline._is_tick(s, m) $$;

select is(ticks('30 9 * * *', 'Asia/Kolkata', '2026-03-29Z', '2026-03-30Z'), '04:00:00Z', 'a fixed time');
select is(ticks('0 0 1 * *', 'Pacific/Kiritimati', '2026-03-30Z', '2026-04-02Z'), '2026-03-31T10:00:00Z', 'on a day that UTC does not have yet');
-- Berlin goes from 02:00 to 03:00 on 2026-03-29, and from 03:00 to 02:00 on 2026-10-25.
select is(ticks('30 2 * * *', 'Europe/Berlin', '2026-03-29Z', '2026-03-29 12:00Z'), '01:00:00Z', 'a fixed time that does not exist is the first moment after the gap');
select is(ticks('0 2 * * *', 'Europe/Berlin', '2026-03-29Z', '2026-03-29 12:00Z'), '01:00:00Z', 'also when it would be the first of the gap');
select is(ticks('59 2 * * *', 'Europe/Berlin', '2026-03-29Z', '2026-03-29 12:00Z'), '01:00:00Z', 'or the last');
select is(ticks('0 3 * * *', 'Europe/Berlin', '2026-03-29Z', '2026-03-29 12:00Z'), '01:00:00Z', 'the moment after it is what it is');
select is(ticks('1 3 * * *', 'Europe/Berlin', '2026-03-29Z', '2026-03-29 12:00Z'), '01:01:00Z', 'and later ones too');
select is(ticks('15,45 2,3 * * *', 'Europe/Berlin', '2026-03-29Z', '2026-03-29 12:00Z'), '01:00:00Z 01:15:00Z 01:45:00Z', 'several in the gap are one');
select is(ticks('30 2 30 3 *', 'Europe/Berlin', '2026-03-29Z', '2026-03-29 12:00Z'), null, 'of another day: none');
select is(ticks('*/30 2 * * *', 'Europe/Berlin', '2026-03-29Z', '2026-03-29 12:00Z'), null, 'of an interval, what the gap has is not made up');
select is(ticks('30 * * * *', 'Europe/Berlin', '2026-03-29Z', '2026-03-29 03:00Z'), '00:30:00Z 01:30:00Z 02:30:00Z', 'every hour goes on');
select is(ticks('30 2 * * *', 'Europe/Berlin', '2026-10-25Z', '2026-10-25 12:00Z'), '00:30:00Z', 'a fixed time that exists twice is the first');
select is(ticks('0 2 * * *', 'Europe/Berlin', '2026-10-24 22:00Z', '2026-10-25 12:00Z'), '2026-10-25T00:00:00Z', 'also the first that does');
select is(ticks('0 3 * * *', 'Europe/Berlin', '2026-10-25Z', '2026-10-25 12:00Z'), '02:00:00Z', 'the first that does not, once');
select is(ticks('*/30 2 * * *', 'Europe/Berlin', '2026-10-25Z', '2026-10-25 12:00Z'), '00:00:00Z 00:30:00Z 01:00:00Z 01:30:00Z', 'an interval has both');
select is(ticks('30 * * * *', 'Europe/Berlin', '2026-10-25Z', '2026-10-25 02:59Z'), '00:30:00Z 01:30:00Z 02:30:00Z', 'every hour has every hour');
select is(ticks('10 30 2 * * *', 'Europe/Berlin', '2026-03-29 00:59Z', '2026-03-29 02:00Z', '1 s'), '01:00:00Z', 'with seconds, too');
select is(ticks('30 2 * * *', 'America/New_York', '2026-03-08Z', '2026-03-08 23:00Z'), '07:00:00Z', 'New York');
select is(ticks('30 1 * * *', 'America/New_York', '2026-11-01Z', '2026-11-01 23:00Z'), '05:30:00Z', 'New York, twice');
-- Lord Howe moves by half an hour: from 02:00 to 02:30 on 2026-10-04, from 02:00 to 01:30 on 2026-04-05.
select is(ticks('15 2 * * *', 'Australia/Lord_Howe', '2026-10-03 12:00Z', '2026-10-04 12:00Z'), '15:30:00Z', 'Lord Howe, half an hour that does not exist');
select is(ticks('30 2 * * *', 'Australia/Lord_Howe', '2026-10-03 12:00Z', '2026-10-04 12:00Z'), '15:30:00Z', 'and what follows');
select is(ticks('45 1 * * *', 'Australia/Lord_Howe', '2026-04-04 12:00Z', '2026-04-05 11:00Z'), '14:45:00Z', 'Lord Howe, half an hour twice');
select is(ticks('15 1 * * *', 'Australia/Lord_Howe', '2026-04-04 12:00Z', '2026-04-05 11:00Z'), '14:15:00Z', 'what was there before, once');
-- Cairo has its gap at midnight: 2025-04-25 begins at 01:00. Apia had no 30 December 2011.
select is(ticks('0 0 * * *', 'Africa/Cairo', '2025-04-24 12:00Z', '2025-04-25 12:00Z'), '22:00:00Z', 'Cairo has no midnight on that day');
select is(ticks('0 12 30 12 *', 'Pacific/Apia', '2011-12-29Z', '2012-01-02Z'), '2011-12-30T10:00:00Z', 'Apia had no such day');
select is(ticks('0 12 * * *', 'Pacific/Apia', '2011-12-29Z', '2011-12-31Z'), '22:00:00Z 2011-12-30T10:00:00Z 2011-12-30T22:00:00Z', 'noon of a day that did not exist is the first moment after it');

select is(faultline._is_tick(on_calendar('* * * * * *', 'UTC'), '2026-01-01 00:00:00.5Z'), false, 'a tick is a whole second');
create function tap.of_every(seconds int) returns faultline.schedules language plpgsql as $$ declare s faultline.schedules; begin s.every := seconds; return s; end $$;
select is(faultline._is_tick(of_every(90), at_), is_one, at_::text) from (values ('1970-01-01 00:01:30Z'::timestamptz, true), ('1970-01-01 00:01:31Z', false), ('1970-01-01 00:01:30.000001Z', false), ('1969-12-31 23:58:30Z', true), ('2026-01-01Z', true)) v (at_, is_one);
-- What the session has set changes nothing.
set local timezone = 'America/St_Johns';
select is(ticks('30 2 * * *', 'Europe/Berlin', '2026-10-25 00:00Z', '2026-10-25 12:00Z'), '00:30:00Z', 'whatever the session''s time zone');

select * from finish();
rollback;
