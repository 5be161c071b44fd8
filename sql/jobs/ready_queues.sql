-- The names of queues that have queued jobs, due or not, paused or not: how a runner of all queues finds its work. A
-- loose index scan: one probe a queue, whatever the backlog. For faultline_runner. Locks nothing, changes nothing.
-- Unlike a claim it has no floor: under an old snapshot it walks what is dead, so ask every few seconds, not always.
create function faultline.ready_queues(max int default 1000)
returns setof text
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set jit = off
as $$
declare
  name text := '';
begin
  for probe in 1..coalesce(ready_queues.max, 1000) loop
    select j.queue into name
    from faultline.jobs_live j
    where j.state = 'queued' and j.queue > name
    order by j.queue, j.priority, j.ready_at, j.job_id
    limit 1;
    exit when not found;
    return next name;
  end loop;
end
$$;
comment on function faultline.ready_queues(int) is 'The names of queues that have queued jobs.';
grant execute on function faultline.ready_queues(int) to faultline_runner;
