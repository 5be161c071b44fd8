-- Is any job of these queues (NULL: of all) queued or running? Dead letters are finished as far as a runner is concerned.
-- For faultline_runner: when a runner that ends with its work may end. Locks nothing, changes nothing.
create function faultline.unfinished(queues text[] default null)
returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
  name text;
begin
  if unfinished.queues is null then
    return exists (select from faultline.jobs_live j where j.lease_expires_at > '-infinity')
        or exists (select from faultline.jobs_live j where j.state = 'queued' and j.queue > '');
  end if;
  foreach name in array unfinished.queues loop
    if exists (select from faultline.jobs_live j where j.queue = name and j.lease_expires_at > '-infinity')
       or exists (select from faultline.jobs_live j where j.state = 'queued' and j.queue = name) then
      return true;
    end if;
  end loop;
  return false;
end
$$;
comment on function faultline.unfinished(text[]) is 'Is any job of these queues (NULL: of all) queued or running?';
grant execute on function faultline.unfinished(text[]) to faultline_runner, faultline_observer;
