-- Raises FL004 unless lowest <= value <= highest; NULL passes. Infinite intervals (PostgreSQL 17) are beyond every bound.
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
end
$$;
comment on function faultline._check_interval(text, interval, interval, interval) is 'Private: raises FL004 unless the value lies within its bounds.';
