-- The names of queues with queued, running or dead jobs, at most max of them, in order. Loose index scans: one probe a
-- queue. Queues that a floor token names are taken from it without a look, so what is dead in them is not walked.
create function faultline._queue_names(token jsonb, max int)
returns setof text
language plpgsql stable
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set jit = off
as $$
#variable_conflict use_variable
declare
  known constant text[] := array(select k from pg_catalog.jsonb_object_keys(coalesce(token -> 'queues', '{}')) as k order by k);
  name text := '';
  upper_name text;
  candidate text;
begin
  for probe in 1..max loop
    select min(k) into upper_name from unnest(known) as k where k > name;
    candidate := coalesce(faultline._next_queue(name, upper_name, false), upper_name);
    exit when candidate is null;
    name := candidate;
    return next name;
  end loop;
end
$$;
comment on function faultline._queue_names(jsonb, int) is 'Private: the names of queues that have live jobs.';
