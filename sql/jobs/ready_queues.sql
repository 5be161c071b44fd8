-- The names of queues that have queued jobs, due or not, paused or not, in order: how a runner of all queues finds its
-- work. A loose index scan: one probe a queue, whatever the backlog. For faultline_runner. Locks nothing, changes nothing.
--   max     at most so many
--   floor   a token of advance_floor: of the queues it names, what is dead under an old snapshot is not walked
create function faultline.ready_queues(max int default 1000, floor text default null)
returns setof text
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
  known constant text[] := array(select pg_catalog.jsonb_object_keys(token -> 'queues'));
  left_ int := coalesce(max, 1000);
  name text := '';
  known_name text;
  next_name text;
begin
  while left_ > 0 loop
    select min(k) into known_name from unnest(known) as k where k > name;
    next_name := faultline._next_queue(name, known_name, true);
    name := coalesce(next_name, known_name);
    exit when name is null;
    if next_name is not null or faultline._has_queued(name, token) then
      left_ := left_ - 1;
      return next name;
    end if;
  end loop;
end
$$;
comment on function faultline.ready_queues(int, text) is 'The names of queues that have queued jobs.';
grant execute on function faultline.ready_queues(int, text) to faultline_runner;
