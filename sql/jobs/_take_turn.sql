-- Waits, at most a second, until no more than one other large claim of this queue is under way, and keeps that turn until
-- the transaction ends. A claim walks over every row that another has just locked, so thirty at once would walk more
-- than they claim. Two turns and not one: the second claim searches while the first waits for its commit to be durable.
-- After the second, or in a deadlock, the claim goes on without: a turn saves work, and no promise rests on it.
-- Who had to wait is told by a notice, 01FL1: a runner that hears it rests before it claims again. While it waits here
-- its snapshot keeps alive what others have finished with, and all claims walk over that.
create function faultline._take_turn(queue text)
returns void
language plpgsql
set lock_timeout = '1s'
as $$
declare
  first constant int := 1181838446;
  bucket constant int := pg_catalog.hashtext(queue);
begin
  if not pg_catalog.pg_try_advisory_xact_lock(first, bucket) and not pg_catalog.pg_try_advisory_xact_lock(first + 1, bucket) then
    raise notice using
      errcode = '01FL1',
      message = pg_catalog.format('two other claims of 50 jobs and more are under way in queue %s: waiting for a turn', queue),
      hint = 'Fewer claims with larger batches, or a short rest between them, get more done.';
    perform pg_catalog.pg_advisory_xact_lock(first + pg_catalog.pg_backend_pid() % 2, bucket);
  end if;
exception
  when lock_not_available or deadlock_detected then
    null;
end
$$;
comment on function faultline._take_turn(text) is 'Private: waits until few others are claiming from this queue.';
