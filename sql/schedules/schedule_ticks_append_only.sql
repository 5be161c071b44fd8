-- A tick that has happened has happened: no UPDATE, no TRUNCATE, and a DELETE only of what its schedule has forgotten, so that
-- it can't happen again.
create function faultline._refuse_to_forget()
returns trigger
language plpgsql
as $$
begin
  if exists (select from faultline.schedules s where s.schedule = old.schedule and s.forgotten_until >= old.tick_at) then
    return old;
  end if;
  raise exception using
    errcode = 'FL003', message = pg_catalog.format('tick %s of schedule %s is not forgotten yet', faultline._utc(old.tick_at), old.schedule),
    hint = 'Retention removes ticks, after it has set forgotten_until of their schedule.';
end
$$;
comment on function faultline._refuse_to_forget() is 'Private: raises FL003 for a tick that would be removed and could happen again.';

create trigger schedule_ticks_append_only
before update on faultline.schedule_ticks
for each row execute function faultline._refuse_change();

create trigger schedule_ticks_stay
before delete on faultline.schedule_ticks
for each row execute function faultline._refuse_to_forget();

create trigger schedule_ticks_not_truncated
before truncate on faultline.schedule_ticks
for each statement execute function faultline._refuse_change();

-- What a schedule has forgotten, and its version, never go back; and it is never removed.
create function faultline._refuse_schedule()
returns trigger
language plpgsql
as $$
begin
  if tg_op = 'UPDATE' and new.schedule = old.schedule and new.version >= old.version
     and (old.forgotten_until is null or new.forgotten_until >= old.forgotten_until) and new.forgotten_missed >= old.forgotten_missed then
    return new;
  end if;
  raise exception using
    errcode = 'FL003', message = pg_catalog.format('schedule %s can not be %s', old.schedule, case tg_op when 'UPDATE' then 'set back' else 'removed' end),
    hint = 'delete_schedule ends a schedule; its name keeps its version and its ticks.';
end
$$;
comment on function faultline._refuse_schedule() is 'Private: raises FL003 for a schedule that would be set back or removed.';

create trigger schedules_moves
before update or delete on faultline.schedules
for each row execute function faultline._refuse_schedule();

create trigger schedules_not_truncated
before truncate on faultline.schedules
for each statement execute function faultline._refuse_change();
