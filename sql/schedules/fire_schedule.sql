-- Makes a tick of a schedule happen, once: returns its job or run, and whether it was made now. Called again for the same tick
-- it returns the same and changes nothing (both NULL: the tick was skipped or dropped). For faultline_runner and
-- faultline_operator. A tick is proposed by who knows the calendar; this decides. Locks the schedule's row.
--   version   of the schedule, from which the tick was computed
--   backfill  makes a tick that lies at or before the last one, also from before the schedule was put; for it there is no rule
--             for overlaps or missed ticks, and the schedule may be paused
-- Errors: FL003 another version, paused, not later than the last, older than the rule for missed ticks allows, forgotten;
-- FL004 in the future, before starts_at or after ends_at, not on the calendar, any isolation but READ COMMITTED, what the
-- workflow says of its input; FL005 no such schedule.
create function faultline.fire_schedule(name text, tick_at timestamptz, version int, backfill boolean default false, out job_id bigint, out run_id bigint, out created boolean)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_variable
declare
  s faultline.schedules;
  fault record;
begin
  backfill := coalesce(backfill, false);
  perform faultline._check_isolation('fire_schedule');
  if tick_at is null or not pg_catalog.isfinite(tick_at) then
    perform faultline._invalid(pg_catalog.format('tick_at %s is not a time', coalesce(tick_at::text, 'NULL')), 'When the tick was due');
  end if;
  perform pg_catalog.pg_current_xact_id();
  s := faultline._lock_schedule(name);
  select false, t.job_id, t.run_id into created, job_id, run_id from faultline.schedule_ticks t where t.schedule = name and t.tick_at = fire_schedule.tick_at;
  if found then
    return;
  end if;
  select * into fault from faultline._tick_fault(s, tick_at, version, faultline._schedule_cursor(s), backfill, true);
  if fault.outcome is not null then
    raise exception using errcode = fault.code, message = fault.message, hint = fault.hint;
  end if;
  select m.outcome = 'made', m.job_id, m.run_id into created, job_id, run_id
  from faultline._make_tick(s, tick_at, case when backfill then 'backfill' else 'calendar' end, 0) m;
end
$$;
comment on function faultline.fire_schedule(text, timestamptz, int, boolean) is 'Makes a tick of a schedule happen, once; a repeat returns the same job or run.';
grant execute on function faultline.fire_schedule(text, timestamptz, int, boolean) to faultline_runner, faultline_operator;
