-- Resumes a paused schedule, from now on: what would have happened meanwhile is not made up, whatever the schedule says of
-- missed ticks; fire_schedule with backfill makes what is wanted. For faultline_operator. Repeated, or on a schedule that is not paused, it
-- changes nothing. Locks the schedule's row. Errors: FL005 no such schedule.
create function faultline.resume_schedule(name text)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  s faultline.schedules;
begin
  perform pg_catalog.pg_current_xact_id();
  s := faultline._lock_schedule(name);
  if s.paused_at is null then
    return;
  end if;
  update faultline.schedules x
  set paused_at = null, paused_note = null, ticks_after = greatest(s.ticks_after, pg_catalog.clock_timestamp()), changed_xid = pg_catalog.pg_current_xact_id()
  where x.schedule = name;
  perform faultline._record(null, null, 'resume_schedule', null, pg_catalog.jsonb_build_object('schedule', name));
end
$$;
comment on function faultline.resume_schedule(text) is 'Resumes a paused schedule, from now on.';
grant execute on function faultline.resume_schedule(text) to faultline_operator;
