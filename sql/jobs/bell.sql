-- The bell of a queue, 0 to 15. A runner that sleeps holds pg_advisory_lock_shared(1181838444, bell) for its queues on
-- the connection that listens on channel faultline. Sixteen bells, because a lock for each queue can exhaust the
-- server's lock table. Locks nothing, changes nothing.
create function faultline.bell(queue text)
returns int
language sql immutable parallel safe security definer
set search_path = pg_catalog, pg_temp
as $$
select pg_catalog.hashtext(queue) & 15
$$;
comment on function faultline.bell(text) is 'The bell (0 to 15) under whose shared advisory lock (1181838444, bell) a sleeping runner waits for this queue.';
grant execute on function faultline.bell(text) to faultline_runner;
