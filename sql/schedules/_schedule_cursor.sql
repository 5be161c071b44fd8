-- How far the calendar of a schedule is: it makes no tick at or before this time any more.
create function faultline._schedule_cursor(s faultline.schedules)
returns timestamptz
language plpgsql stable
as $$
begin
  return greatest(s.ticks_after, s.forgotten_until, (
    select t.tick_at from faultline.schedule_ticks t where t.schedule = s.schedule and t.kind = 'calendar' order by t.tick_at desc limit 1));
end
$$;
comment on function faultline._schedule_cursor(faultline.schedules) is 'Private: how far the calendar of a schedule is.';
