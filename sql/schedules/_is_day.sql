-- Does the calendar (of _parse_cron) have this day?
create function faultline._is_day(calendar jsonb, day date)
returns boolean
language plpgsql immutable
as $$
#variable_conflict use_variable
declare
  number constant int := extract(day from day);
  weekday constant int := extract(dow from day);
  last_date date;
  last_weekday int;
  by_date boolean;
  by_weekday boolean;
begin
  if not (calendar -> 'months') @> pg_catalog.to_jsonb(extract(month from day)::int) then
    return false;
  end if;
  last_date := (pg_catalog.date_trunc('month', day::timestamp) + interval '1 month')::date - 1;
  last_weekday := extract(dow from last_date);
  by_date := (calendar -> 'days') @> pg_catalog.to_jsonb(number)
    or (calendar -> 'last_day')::boolean and day = last_date
    or (calendar -> 'last_weekday')::boolean and day = last_date - case last_weekday when 6 then 1 when 0 then 2 else 0 end;
  by_weekday := (calendar -> 'weekdays') @> pg_catalog.to_jsonb(weekday)
    or (calendar -> 'nth') @> pg_catalog.to_jsonb(weekday * 10 + (number + 6) / 7)
    or (calendar -> 'last') @> pg_catalog.to_jsonb(weekday) and day > last_date - 7;
  return case when (calendar -> 'both')::boolean then by_date and by_weekday else by_date or by_weekday end;
end
$$;
comment on function faultline._is_day(jsonb, date) is 'Private: does a calendar have this day?';
