-- Does the schedule have a tick at this time, by the time zones that this server knows? A wall time that does not exist is
-- the first moment after the gap, one that exists twice is the first, as long as the times of the schedule are fixed; one
-- that repeats (its second, minute or hour begins with *) has whatever the wall clock shows.
create function faultline._is_tick(s faultline.schedules, tick_at timestamptz)
returns boolean
language plpgsql stable
as $$
#variable_conflict use_variable
declare
  wall timestamp;
  first_ timestamptz;
  gap timestamp;
begin
  if extract(epoch from tick_at) % coalesce(s.every, 1) <> 0 then
    return false;
  elsif s.every is not null then
    return true;
  end if;
  wall := tick_at at time zone s.timezone;
  if faultline._is_wall_time(s.calendar, wall) then
    -- The same wall time by the offset of a day ago: the first of two, if the clock was set back since.
    first_ := (wall - ((tick_at - interval '25 hours') at time zone s.timezone - (tick_at - interval '25 hours') at time zone 'UTC')) at time zone 'UTC';
    return not ((s.calendar -> 'fixed')::boolean and first_ < tick_at and first_ at time zone s.timezone = wall);
  elsif not (s.calendar -> 'fixed')::boolean then
    return false;
  end if;
  gap := (tick_at - interval '1 second') at time zone s.timezone + interval '1 second';
  -- Only the first moment after a gap gets as far as to look into it, minute by minute. Gaps begin and end with whole ones.
  return gap < wall and exists (
    select
    from pg_catalog.generate_series(gap, wall - interval '1 second', interval '1 minute') as m (minute)
    where (s.calendar -> 'minutes') @> pg_catalog.to_jsonb(extract(minute from m.minute)::int)
      and (s.calendar -> 'hours') @> pg_catalog.to_jsonb(extract(hour from m.minute)::int)
      and faultline._is_day(s.calendar, m.minute::date));
end
$$;
comment on function faultline._is_tick(faultline.schedules, timestamptz) is 'Private: does a schedule have a tick at this time?';
