-- Sets what is special about a queue: {"max_running": 10, "max_attempts": 3, "backoff": {…}, "lease": "2 minutes"}. A key
-- with null goes back to the default, a key that is missing stays. Returns the queue's settings. For faultline_operator.
-- max_running bounds how many jobs of the queue run at once, over all runners, exactly for every claim that starts after
-- this is committed. max_attempts holds for jobs enqueued from now on, backoff and lease from now on.
-- Repeated, it changes nothing: an event is recorded only for a change. Locks the queue's row. Errors: FL004.
create function faultline.set_queue(queue text, settings jsonb)
returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  given constant jsonb := set_queue.settings;
  new_max_running int;
  new_max_attempts int;
  new_lease interval;
  before faultline.queues;
  row_ faultline.queues;
begin
  perform faultline._check_name('queue', set_queue.queue);
  perform faultline._check_settings(given, array['max_running', 'max_attempts', 'backoff', 'lease']);
  new_max_running := faultline._setting_int(given, 'max_running', 1, 1000000);
  new_max_attempts := faultline._setting_int(given, 'max_attempts', 1, 100);
  new_lease := faultline._setting_interval(given, 'lease', interval '1 second', interval '24 hours');

  insert into faultline.queues (queue) values (set_queue.queue) on conflict (queue) do nothing;
  select * into before from faultline.queues q where q.queue = set_queue.queue for update;
  update faultline.queues q
  set max_running = case when given ? 'max_running' then new_max_running else q.max_running end,
      max_attempts = case when given ? 'max_attempts' then new_max_attempts else q.max_attempts end,
      backoff = case when given ? 'backoff' then nullif(given -> 'backoff', 'null') else q.backoff end,
      lease = case when given ? 'lease' then new_lease else q.lease end
  where q.queue = set_queue.queue
  returning * into row_;
  if row_ is distinct from before then
    perform faultline._record(
      null, null, 'set_queue', null, pg_catalog.jsonb_build_object('queue', set_queue.queue, 'settings', given));
    perform faultline._ring(set_queue.queue);
  end if;
  return pg_catalog.to_jsonb(row_);
end
$$;
comment on function faultline.set_queue(text, jsonb) is 'Sets max_running, max_attempts, backoff, lease of a queue; null resets, a missing key stays.';
grant execute on function faultline.set_queue(text, jsonb) to faultline_operator;
