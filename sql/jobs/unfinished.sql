-- Is any job of these queues (NULL: of all) queued or running? Dead letters are finished as far as a runner is concerned.
-- For faultline_runner and faultline_observer: when a runner that ends with its work may end. Locks nothing, changes
-- nothing.
--   floor   a token of advance_floor: where the walk may start. A floor is a hint: before you end, ask once without
create function faultline.unfinished(queues text[] default null, floor text default null)
returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set jit = off
as $$
#variable_conflict use_variable
declare
  token constant jsonb := faultline._read_floor(floor, pg_catalog.clock_timestamp());
  lease_floor constant timestamptz := coalesce((token ->> 'lease')::timestamptz, '-infinity');
  name text;
begin
  if queues is null then
    -- Ordered, or the walk may go through the index that begins with the queue.
    return (
      select j.lease_expires_at from faultline.jobs_live j where j.lease_expires_at >= lease_floor
      order by j.lease_expires_at limit 1
    ) is not null or exists (select from faultline.ready_queues(1, floor));
  end if;
  foreach name in array queues loop
    if exists (select from faultline.jobs_live j where j.queue = name and j.lease_expires_at >= lease_floor)
       or faultline._has_queued(name, token) then
      return true;
    end if;
  end loop;
  return false;
end
$$;
comment on function faultline.unfinished(text[], text) is 'Is any job of these queues (NULL: of all) queued or running?';
grant execute on function faultline.unfinished(text[], text) to faultline_runner, faultline_observer;
