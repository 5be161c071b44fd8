-- After items of a for_each have ended: starts the next ones, or, if none is left, ends the task with the list of their
-- results. Returns whether the task is over. The last item is looked for from the highest down: on the way up every check
-- would walk all that have ended.
create function faultline._close_items(r faultline.runs, name text, definition jsonb)
returns boolean
language plpgsql
as $$
#variable_conflict use_variable
declare
  results jsonb;
  failed record;
begin
  if definition ? 'concurrency' or definition ->> 'kind' = 'workflow' then
    perform faultline._start_items(r, name, definition);
  end if;
  perform
  from faultline.tasks t
  where t.run_id = r.run_id and t.name = _close_items.name and t.item >= 0 and t.finished_at is null
  order by t.item desc
  limit 1;
  if found then
    return false;
  end if;
  select count(*) as many, min(t.item) as first into failed
  from faultline.tasks t
  where t.run_id = r.run_id and t.name = _close_items.name and t.item >= 0 and t.state <> 'succeeded';
  if failed.many > 0 then
    perform faultline._end_task(
      r.run_id, name, -1, 'failed', null,
      pg_catalog.jsonb_build_object(
        'type', 'ForEachError', 'message', pg_catalog.format('%s of its elements did not succeed, the first of them %s[%s]', failed.many, name, failed.first),
        'first', (select t.error from faultline.tasks t where t.run_id = r.run_id and t.name = _close_items.name and t.item = failed.first)));
    return true;
  end if;
  select pg_catalog.jsonb_agg(coalesce(t.result, 'null') order by t.item) into results
  from faultline.tasks t
  where t.run_id = r.run_id and t.name = _close_items.name and t.item >= 0;
  if pg_catalog.octet_length(results::text) > 16777216 then
    perform faultline._end_task(
      r.run_id, name, -1, 'failed', null, pg_catalog.jsonb_build_object(
        'type', 'ResultError', 'message', pg_catalog.format('the results of its elements have %s bytes as text, more than 16777216 (16 MiB)', pg_catalog.octet_length(results::text))));
  else
    perform faultline._end_task(r.run_id, name, -1, 'succeeded', results, null);
  end if;
  return true;
end
$$;
comment on function faultline._close_items(faultline.runs, text, jsonb) is 'Private: what follows from items of a for_each that have ended; whether the task is over.';
