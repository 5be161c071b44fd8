-- Stops claims of this queue from now on; what is running goes on, and jobs can be enqueued. A note says why.
-- For faultline_operator. Repeated, it changes nothing; with another note it keeps the first time
-- and takes that note. Locks the queue's row.
-- Errors: FL004 not a name, or a note over 1000 characters.
create function faultline.pause_queue(queue text, note text default null)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform faultline._check_name('queue', pause_queue.queue);
  if pg_catalog.length(pause_queue.note) > 1000 then
    perform faultline._invalid(pg_catalog.format('the note has %s characters', pg_catalog.length(pause_queue.note)), 'At most 1000');
  end if;
  insert into faultline.queues as q (queue, paused_at, paused_note)
  values (pause_queue.queue, pg_catalog.clock_timestamp(), pause_queue.note)
  on conflict (queue) do update
  set paused_at = coalesce(q.paused_at, excluded.paused_at), paused_note = coalesce(excluded.paused_note, q.paused_note)
  where q.paused_at is null or excluded.paused_note <> coalesce(q.paused_note, '');
  if found then
    perform faultline._record(
      null, null, 'pause', null, pg_catalog.jsonb_build_object('queue', pause_queue.queue, 'note', pause_queue.note));
  end if;
end
$$;
comment on function faultline.pause_queue(text, text) is 'Stops claims of a queue; what is running goes on.';
grant execute on function faultline.pause_queue(text, text) to faultline_operator;
