-- How far the calendar of a schedule is: it makes no tick at or before this time any more. The settings are its own: a plan
-- that was made for one caller is kept for all.
create function faultline._schedule_cursor(s faultline.schedules)
returns timestamptz
language plpgsql stable
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
begin
  return greatest(s.ticks_after, s.forgotten_until, (
    select t.tick_at from faultline.schedule_ticks t where t.schedule = s.schedule and t.kind = 'calendar' order by t.tick_at desc limit 1));
end
$$;
comment on function faultline._schedule_cursor(faultline.schedules) is 'Private: how far the calendar of a schedule is.';
