-- Raises FL004 unless lowest <= value <= highest; NULL passes. Infinite intervals (PostgreSQL 17) are beyond every bound.
-- No part may be negative: '-1 month 31 days' compares as one day, but in March it adds up to less than nothing, and
-- what is written from it would lie in the past.
create function faultline._check_interval(what text, value interval, lowest interval, highest interval)
returns void
language plpgsql
as $$
begin
  if value < lowest or value > highest then
    perform faultline._invalid(
      pg_catalog.format('%s %s is out of bounds', what, value),
      pg_catalog.format('It lies between %s and %s', lowest, highest));
  end if;
  if least(extract(year from value), extract(month from value), extract(day from value), extract(hour from value),
           extract(minute from value), extract(second from value)) < 0 then
    perform faultline._invalid(
      pg_catalog.format('%s %s has a negative part', what, value), 'Write it with one sign, as 23 hours and not 1 day -1 hour');
  end if;
end
$$;
comment on function faultline._check_interval(text, interval, interval, interval) is 'Private: raises FL004 unless the value lies within its bounds.';
