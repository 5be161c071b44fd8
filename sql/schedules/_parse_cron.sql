-- Reads a cron expression: {"seconds", "minutes", "hours", "days", "months", "weekdays": lists of numbers, "last_day" (L),
-- "last_weekday" (LW): whether it has them, "nth" (MON#2): 10 × day + n, "last" (5L): days, "both": whether a day has to
-- match day-of-month and day-of-week or one of them, "fixed": whether its times are fixed or an interval}. What it accepts
-- is in docs/schedules.md. Raises FL004 with the field and the place, also for a date that never comes.
-- Nothing is made in proportion to the numbers in the text: at most 255 characters, of which each adds 60 numbers at most.
create function faultline._parse_cron(cron text)
returns jsonb
language plpgsql
as $$
#variable_conflict use_variable
declare
  names_of constant text[] := '{second,minute,hour,day-of-month,month,day-of-week}'::text[];
  lows constant int[] := '{0,0,0,1,1,0}'::int[];
  highs constant int[] := '{59,59,23,31,12,7}'::int[];
  month_names constant text[] := '{JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC}'::text[];
  day_names constant text[] := '{SUN,MON,TUE,WED,THU,FRI,SAT}'::text[];
  expression text;
  place int := 1;
  part record;
  fields text[] := '{}'::text[];
  places int[] := '{}'::int[];
  item text;
  at_ int;
  high int;
  parts text[];
  ends text[];
  bounds int[];
  step int;
  bound text;
  named int;
  found_ int[];
  sets jsonb := '{}'::jsonb;
  nth int[] := '{}'::int[];
  last_of int[] := '{}'::int[];
  last_day boolean := false;
  last_weekday boolean := false;
  calendar jsonb;
begin
  if pg_catalog.length(cron) > 255 then
    perform faultline._schedule_fault('cron', pg_catalog.format('it has %s characters', pg_catalog.length(cron)), 'At most 255');
  end if;
  at_ := pg_catalog.length(pg_catalog.substring(cron, '^[ -~\t]*'));
  if at_ < pg_catalog.length(cron) then
    perform faultline._schedule_fault('cron', pg_catalog.format('character %s is neither printable ASCII nor a blank', at_ + 1), 'Fields are separated by blanks');
  end if;
  expression := pg_catalog.upper(cron);
  if pg_catalog.btrim(expression, E' \t') like '@%' then
    parts := array[pg_catalog.btrim(expression, E' \t')];
    expression := case parts[1]
      when '@YEARLY' then '0 0 1 1 *' when '@ANNUALLY' then '0 0 1 1 *' when '@MONTHLY' then '0 0 1 * *' when '@WEEKLY' then '0 0 * * 0'
      when '@DAILY' then '0 0 * * *' when '@MIDNIGHT' then '0 0 * * *' when '@HOURLY' then '0 * * * *' end;
    if expression is null then
      perform faultline._schedule_fault(
        'cron', pg_catalog.format('%s is no macro', pg_catalog.quote_literal(pg_catalog.btrim(cron, E' \t'))),
        case when parts[1] like '@EVERY%' then 'Write every: 30s' when parts[1] = '@REBOOT' then 'Nothing reboots here: a schedule has times'
          else '@yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly' end);
    end if;
  end if;
  for part in select m.match[1] as blanks, m.match[2] as field from pg_catalog.regexp_matches(expression, '([ \t]*)([^ \t]+)', 'g') as m (match) loop
    places := places || place + pg_catalog.length(part.blanks);
    fields := fields || part.field;
    place := place + pg_catalog.length(part.blanks) + pg_catalog.length(part.field);
  end loop;
  if pg_catalog.cardinality(fields) not in (5, 6) then
    perform faultline._schedule_fault('cron', pg_catalog.format('it has %s fields', pg_catalog.cardinality(fields)),
                                      'Five: minute hour day-of-month month day-of-week; or six: the second comes first');
  elsif pg_catalog.cardinality(fields) = 5 then
    fields := '0'::text || fields;
    places := 0 || places;
  end if;

  for number in 1..6 loop
    high := highs[number];
    place := places[number];
    found_ := '{}';
    foreach item in array pg_catalog.string_to_array(fields[number], ',') loop
      at_ := place;
      place := place + pg_catalog.length(item) + 1;
      if number = 4 and item = 'L' then
        last_day := true;
        continue;
      elsif number = 4 and item = 'LW' then
        last_weekday := true;
        continue;
      elsif number = 6 and item ~ '^[0-7]L$' then
        last_of := last_of || pg_catalog.left(item, 1)::int % 7;
        continue;
      end if;
      -- A day of the week and which one of the month, or a range, and a step.
      parts := pg_catalog.regexp_match(item, '^(\*|[0-9]{1,4}|[A-Z]{3})(?:-([0-9]{1,4}|[A-Z]{3}))?(?:/([0-9]{1,4}))?(?:#([0-9]{1,4}))?$');
      if parts is null or parts[1] = '*' and parts[2] is not null or parts[4] is not null and (number < 6 or parts[1] = '*' or pg_catalog.num_nonnulls(parts[2], parts[3]) > 0) then
        perform faultline._schedule_fault(
          'cron', pg_catalog.format('%s %s at character %s is not understood', names_of[number], pg_catalog.quote_literal(pg_catalog.substr(cron, at_, pg_catalog.length(item))), at_),
          case when item = '' then 'Something is missing beside a comma' when item = '?' then 'Write *'
            when item ~ '^-?[0-9]{5,}$' then pg_catalog.format('It lies between %s and %s', lows[number], high)
            when number = 4 then 'For example *, 5, 1-10, */2, 1,15, L (the last day) or LW (the last day from Monday to Friday)'
            when number = 6 then 'For example *, 1, MON-FRI, 1,3, MON#2 (the second Monday) or 5L (the last Friday)'
            else 'For example *, 5, 1-10, */2 or 1,15' end);
      end if;
      bounds := '{}';
      ends := case when parts[1] = '*' then array[lows[number]::text, high::text] else pg_catalog.array_remove(parts[1:2], null) end;
      foreach bound in array ends loop
        if bound ~ '[A-Z]' then
          named := case number when 5 then pg_catalog.array_position(month_names, bound) when 6 then pg_catalog.array_position(day_names, bound) - 1 end;
          if named is null then
            perform faultline._schedule_fault(
              'cron', pg_catalog.format('%s %s at character %s is not understood', names_of[number], pg_catalog.quote_literal(pg_catalog.substr(cron, at_, pg_catalog.length(item))), at_),
              case number when 5 then 'Months are JAN to DEC, or 1 to 12' when 6 then 'Days are SUN to SAT, or 0 to 7' else 'Only months and days of the week have names' end);
          end if;
          bounds := bounds || named;
        else
          bounds := bounds || bound::int;
        end if;
      end loop;
      if pg_catalog.int4range(lows[number], high, '[]') @> all (bounds) is not true then
        perform faultline._schedule_fault(
          'cron', pg_catalog.format('%s %s at character %s is out of bounds', names_of[number], pg_catalog.quote_literal(pg_catalog.substr(cron, at_, pg_catalog.length(item))), at_),
          pg_catalog.format('It lies between %s and %s', lows[number], high));
      elsif bounds[2] < bounds[1] then
        perform faultline._schedule_fault(
          'cron', pg_catalog.format('%s %s at character %s ends before it begins', names_of[number], pg_catalog.quote_literal(pg_catalog.substr(cron, at_, pg_catalog.length(item))), at_),
          case when number = 6 and bounds[2] = 0 then pg_catalog.format('Write %s-7: Sunday is 0 and 7', bounds[1])
            else pg_catalog.format('Write %s-%s,%s-%s', bounds[1], case number when 6 then 6 else high end, lows[number], bounds[2]) end);
      end if;
      -- cron reads 24-24/18 as 24, the library that computes ticks as 24/18.
      if bounds[1] = bounds[2] and parts[3] is not null then
        perform faultline._schedule_fault(
          'cron', pg_catalog.format('%s %s at character %s is a range of one value, with a step', names_of[number], pg_catalog.quote_literal(pg_catalog.substr(cron, at_, pg_catalog.length(item))), at_),
          pg_catalog.format('Write %s, or %s/%s', bounds[1], bounds[1], parts[3]));
      end if;
      if parts[4] is not null then
        if parts[4]::int not between 1 and 5 then
          perform faultline._schedule_fault(
            'cron', pg_catalog.format('%s %s at character %s is out of bounds', names_of[number], pg_catalog.quote_literal(pg_catalog.substr(cron, at_, pg_catalog.length(item))), at_),
            'A month has each day of the week four or five times: #1 to #5');
        end if;
        nth := nth || bounds[1] % 7 * 10 + parts[4]::int;
        continue;
      end if;
      step := coalesce(parts[3]::int, 1);
      if step not between 1 and high then
        perform faultline._schedule_fault(
          'cron', pg_catalog.format('%s %s at character %s: the step is out of bounds', names_of[number], pg_catalog.quote_literal(pg_catalog.substr(cron, at_, pg_catalog.length(item))), at_),
          pg_catalog.format('It lies between 1 and %s; every: 90m is for what is no part of a larger unit', high));
      end if;
      found_ := found_ || array(
        select n from pg_catalog.generate_series(bounds[1], coalesce(bounds[2], case when parts[3] is not null then high end, bounds[1]), step) n);
    end loop;
    sets := sets || pg_catalog.jsonb_build_object(
      (array['seconds', 'minutes', 'hours', 'days', 'months', 'weekdays'])[number],
      (select coalesce(pg_catalog.jsonb_agg(v.n order by v.n), '[]') from (select distinct case number when 6 then u.n % 7 else u.n end as n from unnest(found_) as u (n)) v));
  end loop;
  calendar := sets || pg_catalog.jsonb_build_object(
    'last_day', last_day, 'last_weekday', last_weekday, 'nth', pg_catalog.to_jsonb(nth), 'last', pg_catalog.to_jsonb(last_of),
    'both', fields[4] like '*%' or fields[6] like '*%',
    'fixed', not (fields[1] like '*%' or fields[2] like '*%' or fields[3] like '*%'));
  -- All fourteen kinds of years are among these 28.
  for number in 0..10226 loop
    if faultline._is_day(calendar, date '2000-01-01' + number) then
      return calendar;
    end if;
  end loop;
  raise exception using
    errcode = 'FL004', column = 'cron',
    message = pg_catalog.format('cron: no day has day-of-month %s, month %s, day-of-week %s, from character %s on', fields[4], fields[5], fields[6], places[4]),
    hint = 'A date such as 31 February never comes; where day-of-month or day-of-week begins with *, a day has to match both';
end
$$;
comment on function faultline._parse_cron(text) is 'Private: a cron expression, parsed, or FL004.';
