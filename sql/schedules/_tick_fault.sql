-- Why this tick can't happen now: the outcome that fire_schedules tells, and the error that fire_schedule raises. All NULL:
-- it can. The schedule is locked, and the tick is not recorded yet.
--   cursor    how far the calendar is
--   backfill  an operator wants it: then it lies at or before the cursor
--   fires     false: a tick that was missed, and that the rule drops
create function faultline._tick_fault(
  s faultline.schedules, tick_at timestamptz, version int, cursor timestamptz, backfill boolean, fires boolean,
  out outcome text, out code text, out message text, out hint text)
language plpgsql
as $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  tick constant text := pg_catalog.format('tick %s of schedule %s', faultline._utc(tick_at), s.schedule);
  -- A tick is on time for a minute: so long may nobody have looked. What is older was missed.
  on_time constant interval := interval '1 minute';
begin
  code := 'FL003';
  hint := 'Read the schedule again: schedule_changes tells how it is.';
  if version is distinct from s.version then
    outcome := 'version';
    message := pg_catalog.format('%s was computed from version %s, and it is at version %s', tick, coalesce(version::text, 'NULL'), s.version);
  elsif s.paused_at is not null and not backfill then
    outcome := 'paused';
    message := pg_catalog.format('schedule %s is paused', s.schedule);
    hint := 'resume_schedule lets it go on; what falls into the pause does not happen.';
  elsif tick_at > now_ then
    outcome := 'future';
    code := 'FL004';
    message := pg_catalog.format('%s lies in the future: the clock of the database says %s', tick, faultline._utc(now_));
    hint := 'Only the clock of the database counts.';
  elsif not backfill and tick_at <= cursor then
    outcome := 'behind';
    message := pg_catalog.format('%s is not later than its last, %s', tick, faultline._utc(cursor));
    hint := 'backfill => true makes a tick of the past.';
  elsif backfill and tick_at > cursor and s.paused_at is null then
    outcome := 'early';
    message := pg_catalog.format('%s is not past yet: it is later than its last, %s', tick, faultline._utc(cursor));
    hint := 'The calendar makes it, or drops it, by the rule for missed ticks.';
  elsif backfill and tick_at <= s.forgotten_until then
    outcome := 'forgotten';
    message := pg_catalog.format('%s may have happened: retention has removed the ticks up to %s', tick, faultline._utc(s.forgotten_until));
    hint := 'Make its job with enqueue, or its run with trigger_workflow, if you know better.';
  elsif tick_at < s.starts_at or tick_at > s.ends_at then
    outcome := 'outside';
    code := 'FL004';
    message := case when tick_at < s.starts_at then pg_catalog.format('%s lies before starts_at, %s', tick, faultline._utc(s.starts_at))
      else pg_catalog.format('%s lies after ends_at, %s', tick, faultline._utc(s.ends_at)) end;
    hint := 'A schedule has ticks from starts_at to ends_at.';
  elsif not faultline._is_tick(s, tick_at) then
    outcome := 'not_a_tick';
    code := 'FL004';
    message := case when s.every is not null then pg_catalog.format('%s is none: it is not at a multiple of %s s', tick, s.every)
      else pg_catalog.format('%s is none: it is not at %s, %s', tick, pg_catalog.quote_literal(s.cron), s.timezone) end;
    hint := 'Only the time zones that the database knows count: zone_offsets tells.';
  elsif not backfill and fires and tick_at < now_ - greatest(on_time, case when s.missed <> 'skip' then s.missed_window end) then
    outcome := 'late';
    message := pg_catalog.format('%s was missed: it is older than %s', tick, greatest(on_time, case when s.missed <> 'skip' then s.missed_window end));
    hint := 'backfill => true makes a tick of the past.';
  elsif not fires and tick_at >= now_ - on_time then
    outcome := 'on_time';
    message := pg_catalog.format('%s is on time', tick);
    hint := 'A tick is missed after a minute.';
  else
    code := null;
    hint := null;
  end if;
end
$$;
comment on function faultline._tick_fault(faultline.schedules, timestamptz, int, timestamptz, boolean, boolean) is 'Private: why a tick can not happen now.';
