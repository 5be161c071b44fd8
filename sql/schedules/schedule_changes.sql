-- The schedules that were put, paused, resumed or deleted since a mark (NULL: all there are), the mark for the next call, and
-- the clock of the database. A schedule may come twice: take the later one. For faultline_runner and faultline_operator: what
-- a runner asks at each pass, one probe of an index as long as nothing was changed. Locks nothing, changes nothing.
-- Each is {"schedule", "version", "deleted", "paused", "cron", "timezone", "every" (seconds), "starts_at", "ends_at", "missed",
-- "missed_window" (seconds), "missed_limit", "cursor"}; cursor is how far its calendar is, and moves with each tick, which is no
-- change here: fire_schedules tells it.
create function faultline.schedule_changes(inout mark text default null, out now timestamptz, out schedules jsonb)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_variable
declare
  since xid8 := '0'::xid8;
begin
  if mark is not null then
    if mark !~ '^[0-9]{1,18}$' then
      perform faultline._invalid(pg_catalog.format('%s is no mark', pg_catalog.quote_literal(pg_catalog.left(mark, 40))), 'Pass what the last call returned, or NULL');
    end if;
    since := mark::xid8;
  end if;
  now := pg_catalog.clock_timestamp();
  -- A change that this snapshot does not see yet has an xid that is not below its xmin. One statement: one snapshot.
  select pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text, coalesce((
    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'schedule', s.schedule, 'version', s.version, 'deleted', s.deleted_at is not null, 'paused', s.paused_at is not null,
      'cron', s.cron, 'timezone', s.timezone, 'every', s.every, 'starts_at', faultline._utc(s.starts_at), 'ends_at', faultline._utc(s.ends_at),
      'missed', s.missed, 'missed_window', extract(epoch from s.missed_window)::int, 'missed_limit', s.missed_limit,
      'cursor', faultline._utc(faultline._schedule_cursor(s))) order by s.schedule)
    from faultline.schedules s
    where case when mark is null then s.deleted_at is null else true end and s.changed_xid >= since
      -- What was restored from another server has its xids, and is found without a mark.
      and (mark is null or s.changed_xid < pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()))), '[]')
  into mark, schedules;
end
$$;
comment on function faultline.schedule_changes(text) is 'The schedules that were changed since a mark, the next mark, and the clock of the database.';
grant execute on function faultline.schedule_changes(text) to faultline_runner, faultline_operator;
