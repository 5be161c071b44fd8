-- Deletes a schedule: no tick of it happens any more. What it has made stays, and so does its name with its version and its
-- ticks: put again, it goes on from there. Returns false if there is no such schedule; repeated, too. For
-- faultline_operator. Locks the schedule's row.
create function faultline.delete_schedule(name text)
returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  perform pg_catalog.pg_current_xact_id();
  update faultline.schedules s
  set deleted_at = pg_catalog.clock_timestamp(), paused_at = null, paused_note = null, changed_xid = pg_catalog.pg_current_xact_id()
  where s.schedule = name and s.deleted_at is null;
  if found then
    perform faultline._record(null, null, 'delete_schedule', null, pg_catalog.jsonb_build_object('schedule', name));
    return true;
  end if;
  return false;
end
$$;
comment on function faultline.delete_schedule(text) is 'Deletes a schedule; what it has made stays.';
grant execute on function faultline.delete_schedule(text) to faultline_operator;
