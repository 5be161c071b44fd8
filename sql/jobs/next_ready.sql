-- How long until the next job of these queues becomes ready (a retry that waits, a run_at to come); NULL: none is
-- waiting for a time. Jobs that are ready already do not count: a claim would have returned them, unless their queue is
-- paused or at its limit. For faultline_runner: how long a runner may sleep. Locks nothing, changes nothing.
create function faultline.next_ready(queues text[])
returns interval
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set jit = off
as $$
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  name text;
  soonest timestamptz;
begin
  foreach name in array coalesce(next_ready.queues, '{}') loop
    for level in 1..4 loop
      soonest := least(soonest, (
        select j.ready_at
        from faultline.jobs_live j
        where j.state = 'queued' and j.queue = name and j.priority = level and j.ready_at > now_
        order by j.ready_at
        limit 1));
    end loop;
  end loop;
  return soonest - now_;
end
$$;
comment on function faultline.next_ready(text[]) is 'How long until the next waiting job of these queues becomes ready; NULL if none waits for a time.';
grant execute on function faultline.next_ready(text[]) to faultline_runner;
