-- Puts a schedule: {"name", "cron" and "timezone" | "every", "type" | "workflow", …} as docs/schedules.md says. Returns its
-- version: the one it has if nothing has changed, else the next. A schedule that is paused stays paused; one that was deleted
-- begins anew, with the next version. With another calendar (cron, every, timezone, starts_at, ends_at) no tick lies before
-- now. For faultline_operator. Locks the schedule's row.
-- Errors: FL004 with the key, also as the error's column; for cron with the field and the place. FL005 no such workflow.
create function faultline.put_schedule(definition jsonb)
returns int
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  of_calendar constant text[] := '{cron,every,timezone,starts_at,ends_at}'::text[];
  new_definition constant jsonb := faultline._check_schedule(definition);
  name constant text := new_definition ->> 'name';
  before faultline.schedules;
  now_ timestamptz;
begin
  perform faultline._check_isolation('put_schedule');
  perform pg_catalog.pg_current_xact_id();
  loop
    select * into before from faultline.schedules s where s.schedule = name for no key update;
    exit when found;
    now_ := pg_catalog.clock_timestamp();
    insert into faultline.schedules (
      schedule, version, definition, every, missed, missed_window, missed_limit, overlap, ticks_after, created_at, changed_at, changed_xid, deleted_at)
    values (name, 0, '{}', 1, 'skip', '0', 1, 'allow', now_, now_, now_, pg_catalog.pg_current_xact_id(), now_)
    on conflict (schedule) do nothing;
  end loop;
  if before.definition = new_definition and before.deleted_at is null then
    return before.version;
  end if;
  now_ := pg_catalog.clock_timestamp();
  update faultline.schedules s
  set version = before.version + 1,
    definition = new_definition,
    cron = new_definition ->> 'cron',
    calendar = case when new_definition ? 'cron' then faultline._parse_cron(new_definition ->> 'cron') end,
    timezone = new_definition ->> 'timezone',
    every = (new_definition ->> 'every')::int,
    starts_at = (new_definition ->> 'starts_at')::timestamptz,
    ends_at = (new_definition ->> 'ends_at')::timestamptz,
    missed = new_definition ->> 'missed',
    missed_window = pg_catalog.make_interval(secs => coalesce((new_definition ->> 'missed_window')::double precision, 60)),
    missed_limit = coalesce((new_definition ->> 'missed_limit')::int, 1),
    overlap = new_definition ->> 'overlap',
    ticks_after = case
      when before.deleted_at is not null then now_
      when (select bool_or(new_definition -> k.key is distinct from before.definition -> k.key) from unnest(of_calendar) as k (key)) then greatest(before.ticks_after, now_)
      else before.ticks_after end,
    created_at = case when before.deleted_at is null then before.created_at else now_ end,
    changed_at = now_,
    changed_xid = pg_catalog.pg_current_xact_id(),
    deleted_at = null
  where s.schedule = name;
  perform faultline._record(null, null, 'put_schedule', null, pg_catalog.jsonb_build_object('schedule', name, 'version', before.version + 1));
  return before.version + 1;
end
$$;
comment on function faultline.put_schedule(jsonb) is 'Puts a schedule and returns its version: the one it has if nothing has changed.';
grant execute on function faultline.put_schedule(jsonb) to faultline_operator;
