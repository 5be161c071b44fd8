-- Begins a run of the last version of a workflow, in the caller's transaction, and returns its id. For faultline_operator
-- and faultline_producer. Without a key, each call begins another run.
--   input             an object that every task of the run finds
--   idempotency_key   one key of a workflow, one run, as long as the run is kept: called again with the same input it
--                     returns the same id and changes nothing. A caller at the same moment waits for the first to commit
--   headers           an object that travels with every job of the run and of the runs below it, for trace context
-- Errors: FL002 key reused with another input; FL004, also for a for_each over the input that is no list, and for a key that
-- begins with faultline.tick:, as those of schedules do; FL005 no such workflow.
create function faultline.trigger_workflow(name text, input jsonb default '{}', idempotency_key text default null, headers jsonb default null)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Whoever had one of these first would have the run of the tick, or keep the tick from having one.
  if idempotency_key like 'faultline.tick:%' then
    perform faultline._invalid(
      pg_catalog.format('the idempotency key %s is one of a schedule', pg_catalog.quote_literal(pg_catalog.left(idempotency_key, 260))), 'A key that begins with faultline.tick: stands for a tick: take another');
  end if;
  return faultline._trigger(name, input, idempotency_key, headers);
end
$$;
comment on function faultline.trigger_workflow(text, jsonb, text, jsonb) is 'Begins a run of a workflow and returns its id; with an idempotency key, the id of the one run of that key.';
grant execute on function faultline.trigger_workflow(text, jsonb, text, jsonb) to faultline_producer;
