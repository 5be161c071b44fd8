-- Lets a paused queue be claimed again. For faultline_operator. Repeated, or on a queue that is not paused, it changes
-- nothing. Locks the queue's row. Errors: FL004 not a name.
create function faultline.resume_queue(queue text)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform faultline._check_name('queue', resume_queue.queue);
  perform pg_catalog.pg_current_xact_id();
  update faultline.queues q
  set paused_at = null, paused_note = null
  where q.queue = resume_queue.queue and q.paused_at is not null;
  if found then
    perform faultline._record(null, null, 'resume', null, pg_catalog.jsonb_build_object('queue', resume_queue.queue));
    perform faultline._ring(resume_queue.queue);
  end if;
end
$$;
comment on function faultline.resume_queue(text) is 'Lets a paused queue be claimed again.';
grant execute on function faultline.resume_queue(text) to faultline_operator;
