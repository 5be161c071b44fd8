-- Locks a schedule and returns it as it is then. Whoever fires a tick or changes a schedule does it under this lock; of
-- several schedules in the order of their names. Raises FL005.
create function faultline._lock_schedule(name text)
returns faultline.schedules
language plpgsql
as $$
declare
  s faultline.schedules;
begin
  select * into s from faultline.schedules x where x.schedule = _lock_schedule.name for no key update;
  if s.deleted_at is not null or s.schedule is null then
    raise exception using
      errcode = 'FL005', message = pg_catalog.format('there is no schedule %s', coalesce(pg_catalog.left(_lock_schedule.name, 140), 'NULL')), hint = 'put_schedule comes first.';
  end if;
  return s;
end
$$;
comment on function faultline._lock_schedule(text) is 'Private: locks a schedule; raises FL005.';
