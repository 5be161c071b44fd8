\ir ../../support/schedules.sql
begin;
select * from no_plan();

-- What an expression means: numbers of a field as a text, "all" for all of them.
create function tap.numbers(cron text, field text, size int) returns text language sql
as $$
select case when jsonb_array_length(c -> field) = size then 'all' else (select coalesce(string_agg(n, ' '), '') from jsonb_array_elements_text(c -> field) n) end
from faultline._parse_cron(cron) c
$$;
create function tap.means(cron text) returns text language sql
as $$
select concat_ws(' | ', numbers(cron, 'seconds', 60), numbers(cron, 'minutes', 60), numbers(cron, 'hours', 24), numbers(cron, 'days', 31), numbers(cron, 'months', 12), numbers(cron, 'weekdays', 7))
$$;
select is(means(cron), meaning, cron)
from (values
  ('* * * * *', '0 | all | all | all | all | all'),
  ('* * * * * *', 'all | all | all | all | all | all'),
  ('30 5 4 3 2 1', '30 | 5 | 4 | 3 | 2 | 1'),
  ('0 0 1 1 *', '0 | 0 | 0 | 1 | 1 | all'),
  ('5,10 * * * *', '0 | 5 10 | all | all | all | all'),
  ('10,5,5-7 * * * *', '0 | 5 6 7 10 | all | all | all | all'),
  ('*/20 9-17 * * MON-FRI', '0 | 0 20 40 | 9 10 11 12 13 14 15 16 17 | all | all | 1 2 3 4 5'),
  ('5/15 * * * *', '0 | 5 20 35 50 | all | all | all | all'),
  ('5-30/10 * * * *', '0 | 5 15 25 | all | all | all | all'),
  ('0 0 * jan-Dec/3 sun,tue', '0 | 0 | 0 | all | 1 4 7 10 | 0 2'),
  ('0 0 * * 7', '0 | 0 | 0 | all | all | 0'),
  ('0 0 * * 5-7', '0 | 0 | 0 | all | all | 0 5 6'),
  ('0 0 * * */2', '0 | 0 | 0 | all | all | 0 2 4 6'),
  ('0 0 * * 1/3', '0 | 0 | 0 | all | all | 0 1 4'),
  ('00 07 0031 * *', '0 | 0 | 7 | 31 | all | all'),
  ('*/59 */23 */31 */12 */7', '0 | 0 59 | 0 23 | 1 | 1 | 0'),
  (E' \t 0\t 12   * * *\t', '0 | 0 | 12 | all | all | all'),
  ('@yearly', '0 | 0 | 0 | 1 | 1 | all'), ('@annually', '0 | 0 | 0 | 1 | 1 | all'), ('@monthly', '0 | 0 | 0 | 1 | all | all'), ('@weekly', '0 | 0 | 0 | all | all | 0'),
  (' @Daily ', '0 | 0 | 0 | all | all | all'), ('@midnight', '0 | 0 | 0 | all | all | all'), ('@hourly', '0 | 0 | all | all | all | all'),
  ('0 0 L * *', '0 | 0 | 0 |  | all | all'), ('0 0 1,L,15,lw * *', '0 | 0 | 0 | 1 15 | all | all'), ('0 0 1 * MON#2,5L', '0 | 0 | 0 | 1 | all | '),
  (rpad('0 0 1', 250, ' ') || ' * *', '0 | 0 | 0 | 1 | all | all')) v (cron, meaning);
select is((c -> 'last_day') || (c -> 'last_weekday') || (c -> 'nth') || (c -> 'last'), expected, cron)
from (values ('0 0 1 * *', '[false, false]'::jsonb), ('0 0 L * *', '[true, false]'), ('0 0 LW * *', '[false, true]'), ('0 0 1,L,LW * *', '[true, true]'), ('0 0 * * 5L,MON#2', '[false, false, 12, 5]'), ('0 0 * * 7L,7#1,sun#5', '[false, false, 1, 5, 0]')) v (cron, expected)
cross join lateral faultline._parse_cron(cron) c;
select is((c ->> 'both')::boolean, both_, cron) from (values ('0 0 1 * 1', false), ('0 0 * * 1', true), ('0 0 1 * *', true), ('0 0 */2 * 1', true), ('0 0 1 * */2', true), ('0 0 *,5 * 1', true), ('0 0 5,* * 1', false)) v (cron, both_)
cross join lateral faultline._parse_cron(cron) c;
select is((c ->> 'fixed')::boolean, fixed, cron)
from (values ('0 0 * * *', true), ('* 0 * * *', false), ('0 * * * *', false), ('*/5 * * * *', false), ('0-59 0-23 * * *', true), ('* 0 0 * * *', false), ('0 0 0 * * *', true), ('@hourly', false), ('@daily', true)) v (cron, fixed)
cross join lateral faultline._parse_cron(cron) c;

-- Errors: the field, what stands there, and where.
select faults(format('select faultline._parse_cron(%L)', cron), 'cron: ' || message, hint, 'cron')
from (values
  ('', 'it has 0 fields', 'Five: minute hour day-of-month month day-of-week; or six: the second comes first'),
  ('* * * *', 'it has 4 fields', 'Five: minute hour day-of-month month day-of-week; or six: the second comes first'),
  ('* * * * * * 2030', 'it has 7 fields', 'Five: minute hour day-of-month month day-of-week; or six: the second comes first'),
  (rpad('* * * * ', 255, '*') || '*', 'it has 256 characters', 'At most 255'),
  (repeat('9', 1000000), 'it has 1000000 characters', 'At most 255'),
  (E'0 0 1\n* *', 'character 6 is neither printable ASCII nor a blank', 'Fields are separated by blanks'),
  ('0 0 1 * ５', 'character 9 is neither printable ASCII nor a blank', 'Fields are separated by blanks'),
  ('@reboot', '''@reboot'' is no macro', 'Nothing reboots here: a schedule has times'),
  ('@every 5m', '''@every 5m'' is no macro', 'Write every: 30s'),
  (' @dayly', '''@dayly'' is no macro', '@yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly'),
  ('@daily *', '''@daily *'' is no macro', '@yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly'),
  ('60 * * * *', 'minute ''60'' at character 1 is out of bounds', 'It lies between 0 and 59'),
  ('60 0 * * * *', 'second ''60'' at character 1 is out of bounds', 'It lies between 0 and 59'),
  ('0  24 * * *', 'hour ''24'' at character 4 is out of bounds', 'It lies between 0 and 23'),
  ('0 0 0 * *', 'day-of-month ''0'' at character 5 is out of bounds', 'It lies between 1 and 31'),
  ('0 0 1,32 * *', 'day-of-month ''32'' at character 7 is out of bounds', 'It lies between 1 and 31'),
  ('0 0 * 13 *', 'month ''13'' at character 7 is out of bounds', 'It lies between 1 and 12'),
  ('0 0 * * 1-8', 'day-of-week ''1-8'' at character 9 is out of bounds', 'It lies between 0 and 7'),
  ('0 9999 * * *', 'hour ''9999'' at character 3 is out of bounds', 'It lies between 0 and 23'),
  ('0 99999999999999999999 * * *', 'hour ''99999999999999999999'' at character 3 is not understood', 'It lies between 0 and 23'),
  ('-1 * * * *', 'minute ''-1'' at character 1 is not understood', 'For example *, 5, 1-10, */2 or 1,15'),
  ('*/0 * * * *', 'minute ''*/0'' at character 1: the step is out of bounds', 'It lies between 1 and 59; every: 90m is for what is no part of a larger unit'),
  ('*/90 * * * *', 'minute ''*/90'' at character 1: the step is out of bounds', 'It lies between 1 and 59; every: 90m is for what is no part of a larger unit'),
  ('24-24/18 * * * *', 'minute ''24-24/18'' at character 1 is a range of one value, with a step', 'Write 24, or 24/18'),
  ('0 0 * * */8', 'day-of-week ''*/8'' at character 9: the step is out of bounds', 'It lies between 1 and 7; every: 90m is for what is no part of a larger unit'),
  ('0 22-2 * * *', 'hour ''22-2'' at character 3 ends before it begins', 'Write 22-23,0-2'),
  ('0 0 28-3 * *', 'day-of-month ''28-3'' at character 5 ends before it begins', 'Write 28-31,1-3'),
  ('0 0 * * FRI-SUN', 'day-of-week ''FRI-SUN'' at character 9 ends before it begins', 'Write 5-7: Sunday is 0 and 7'),
  ('0 0 * * fri-mon', 'day-of-week ''fri-mon'' at character 9 ends before it begins', 'Write 5-6,0-1'),
  ('0 0 1,,2 * *', 'day-of-month '''' at character 7 is not understood', 'Something is missing beside a comma'),
  ('0 0 1, * *', 'day-of-month '''' at character 7 is not understood', 'Something is missing beside a comma'),
  ('0 0 ? * *', 'day-of-month ''?'' at character 5 is not understood', 'Write *'),
  ('0 0 15W * *', 'day-of-month ''15W'' at character 5 is not understood', 'For example *, 5, 1-10, */2, 1,15, L (the last day) or LW (the last day from Monday to Friday)'),
  ('0 0 L-3 * *', 'day-of-month ''L-3'' at character 5 is not understood', 'For example *, 5, 1-10, */2, 1,15, L (the last day) or LW (the last day from Monday to Friday)'),
  ('0 0 * * FRIL', 'day-of-week ''FRIL'' at character 9 is not understood', 'For example *, 1, MON-FRI, 1,3, MON#2 (the second Monday) or 5L (the last Friday)'),
  ('0 0 * * L', 'day-of-week ''L'' at character 9 is not understood', 'For example *, 1, MON-FRI, 1,3, MON#2 (the second Monday) or 5L (the last Friday)'),
  ('0 0 * * 8L', 'day-of-week ''8L'' at character 9 is not understood', 'For example *, 1, MON-FRI, 1,3, MON#2 (the second Monday) or 5L (the last Friday)'),
  ('0 0 * * MON-FRI#2', 'day-of-week ''MON-FRI#2'' at character 9 is not understood', 'For example *, 1, MON-FRI, 1,3, MON#2 (the second Monday) or 5L (the last Friday)'),
  ('0 0 * * *#2', 'day-of-week ''*#2'' at character 9 is not understood', 'For example *, 1, MON-FRI, 1,3, MON#2 (the second Monday) or 5L (the last Friday)'),
  ('0 0 * * MON#0', 'day-of-week ''MON#0'' at character 9 is out of bounds', 'A month has each day of the week four or five times: #1 to #5'),
  ('0 0 * * MON#6', 'day-of-week ''MON#6'' at character 9 is out of bounds', 'A month has each day of the week four or five times: #1 to #5'),
  ('0 0 * * 8#1', 'day-of-week ''8#1'' at character 9 is out of bounds', 'It lies between 0 and 7'),
  ('0#1 0 * * *', 'minute ''0#1'' at character 1 is not understood', 'For example *, 5, 1-10, */2 or 1,15'),
  ('0 0 * FOO *', 'month ''FOO'' at character 7 is not understood', 'Months are JAN to DEC, or 1 to 12'),
  ('0 0 * MON *', 'month ''MON'' at character 7 is not understood', 'Months are JAN to DEC, or 1 to 12'),
  ('0 0 * * JAN', 'day-of-week ''JAN'' at character 9 is not understood', 'Days are SUN to SAT, or 0 to 7'),
  ('0 JAN * * *', 'hour ''JAN'' at character 3 is not understood', 'Only months and days of the week have names'),
  ('*-5 * * * *', 'minute ''*-5'' at character 1 is not understood', 'For example *, 5, 1-10, */2 or 1,15'),
  ('1-2-3 * * * *', 'minute ''1-2-3'' at character 1 is not understood', 'For example *, 5, 1-10, */2 or 1,15'),
  ('1/2/3 * * * *', 'minute ''1/2/3'' at character 1 is not understood', 'For example *, 5, 1-10, */2 or 1,15'),
  ('H * * * *', 'minute ''H'' at character 1 is not understood', 'For example *, 5, 1-10, */2 or 1,15'),
  (E'0 0 \' * *', 'day-of-month '''''''' at character 5 is not understood', 'For example *, 5, 1-10, */2, 1,15, L (the last day) or LW (the last day from Monday to Friday)')
) v (cron, message, hint);

-- Dates that never come; and the rarest that does.
select faults(format('select faultline._parse_cron(%L)', '0 0 ' || days), format('cron: no day has day-of-month %s, month %s, day-of-week %s, from character 5 on', split_part(days, ' ', 1), split_part(days, ' ', 2), split_part(days, ' ', 3)),
  'A date such as 31 February never comes; where day-of-month or day-of-week begins with *, a day has to match both', 'cron')
from unnest(array['31 2 *', '30 2 *', '30-31 2 *', '31 2,4,6,9,11 *', '*/20 * 1L', 'LW * */7', '31 4 */2']) days;
select isnt(faultline._parse_cron('0 0 ' || days), null, days || ' comes') from unnest(array['29 2 *', '29 2 */7', '31 2 1', '31 2,3 *', 'L 2 *', '*/20 * 1L,2', '*/30 * 5L']) days;

select * from finish();
rollback;
