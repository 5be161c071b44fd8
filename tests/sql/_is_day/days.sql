\ir ../../support/schedules.sql
begin;
select * from no_plan();

-- The days of a span, as MM-DD.
create function tap.days(cron text, first date, last date) returns text language sql
as $$ select string_agg(to_char(d, 'MM-DD'), ' ' order by d) from generate_series(first, last, '1 day') d where faultline._is_day(faultline._parse_cron('0 0 ' || cron), d::date) $$;
select is(days(cron, '2026-02-01', '2026-04-10'), expected, cron)
from (values
  ('1 * *', '02-01 03-01 04-01'), ('31 * *', '03-31'), ('L * *', '02-28 03-31'), ('LW * *', '02-27 03-31'), ('30 3 *', '03-30'),
  ('* * 1L', '02-23 03-30'), ('* * 5L', '02-27 03-27'), ('* * MON#1', '02-02 03-02 04-06'), ('* * SUN#5', '03-29'), ('* 3 TUE#5,0#1', '03-01 03-31'),
  -- Both restricted: one of them is enough. One of them begins with *: both have to match.
  ('13 * FRI', '02-06 02-13 02-20 02-27 03-06 03-13 03-20 03-27 04-03 04-10'), ('*/12 * FRI', '02-13 03-13'), ('13 * */5', '02-13 03-13'), ('1-7 * */7', '02-01 03-01 04-05'), ('L * 1#1', '02-02 02-28 03-02 03-31 04-06')) v (cron, expected);
select is(days('LW * *', '2026-05-01', '2026-12-31'), '05-29 06-30 07-31 08-31 09-30 10-30 11-30 12-31', 'the last day from Monday to Friday: also when the month ends on a Saturday or a Sunday');
select is(days('29 2 *', '2023-01-01', '2029-12-31'), '02-29 02-29', 'leap days');
select is(days('29 2 *', '2097-01-01', '2103-12-31'), null, 'and none in 2100');

select * from finish();
rollback;
