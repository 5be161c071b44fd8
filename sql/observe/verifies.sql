-- Whether this runner is the one that verifies for all: of those that were seen within a minute, the one that has been
-- there longest. verify() reads whole tables, so a hundred runners must not all run it. For faultline_runner. Locks
-- nothing. A runner that is not known yet (register_runner) verifies nothing.
create function faultline.verifies(runner uuid)
returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  seen_since constant timestamptz := pg_catalog.clock_timestamp() - interval '1 minute';
begin
  return coalesce((
    select r.runner = verifies.runner
    from faultline.runners r
    where r.last_seen_at > seen_since
    order by r.started_at, r.runner
    limit 1), false);
end
$$;
comment on function faultline.verifies(uuid) is 'Whether this runner, of all that are there, is the one that runs verify().';
grant execute on function faultline.verifies(uuid) to faultline_runner;
