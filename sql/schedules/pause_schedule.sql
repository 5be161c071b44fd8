-- Pauses a schedule: its calendar makes no ticks until it is resumed, and those of that time never happen. What is under way
-- goes on, and an operator may still use fire_now and backfills. A note says why. For faultline_operator.
-- Repeated, it changes nothing; with another note it keeps the first time and takes that note. Locks the schedule's row.
-- Errors: FL004 a note over 1000 characters; FL005 no such schedule.
create function faultline.pause_schedule(name text, note text default null)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  s faultline.schedules;
begin
  if pg_catalog.length(note) > 1000 then
    perform faultline._invalid(pg_catalog.format('the note has %s characters', pg_catalog.length(note)), 'At most 1000');
  end if;
  perform pg_catalog.pg_current_xact_id();
  s := faultline._lock_schedule(name);
  if s.paused_at is not null and coalesce(note = s.paused_note, note is null) then
    return;
  end if;
  update faultline.schedules x
  set paused_at = coalesce(s.paused_at, pg_catalog.clock_timestamp()), paused_note = coalesce(note, s.paused_note), changed_xid = pg_catalog.pg_current_xact_id()
  where x.schedule = name;
  perform faultline._record(null, null, 'pause_schedule', null, pg_catalog.jsonb_build_object('schedule', name, 'note', note));
end
$$;
comment on function faultline.pause_schedule(text, text) is 'Pauses a schedule; the ticks of that time never happen.';
grant execute on function faultline.pause_schedule(text, text) to faultline_operator;
