-- Wakes the runners that sleep on this queue's bell, if any: NOTIFY takes a lock for the whole server until the commit
-- is on disk, so it is worth asking first whether anybody sleeps. The caller has its xid already: a sleeper proves that
-- every writer with an older xid is over before it sleeps.
-- The lock is tried and given back at once, never kept to the end of the transaction: a runner that wants to sleep
-- would wait for it. Returns whether anybody was woken.
create function faultline._ring(queue text)
returns boolean
language sql
as $$
-- One expression, which nothing interrupts: a cancel or statement_timeout between two statements would leave the lock
-- with the session. And no more than that, so that it becomes part of the caller's own.
select case
  when pg_catalog.pg_try_advisory_lock(1181838444, pg_catalog.hashtext(queue) & 15)
  then not pg_catalog.pg_advisory_unlock(1181838444, pg_catalog.hashtext(queue) & 15)
  else pg_catalog.pg_notify('faultline', queue) is not null
end
$$;
comment on function faultline._ring(text) is 'Private: notifies channel faultline, only if a runner sleeps on the queue''s bell.';
