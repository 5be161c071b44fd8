-- After items of a for_each have ended (so many; the last of them): starts as many of those that wait, or, if none is left,
-- ends the task with the list of their results. Returns whether the task is over, and the runs that have begun.
-- NULL for how many: none of them is running (at the start, and after a resume).
-- The last item is looked for from the highest down: on the way up every check would walk all that have ended. And items
-- start in their order, so none waits below one that has ended.
create function faultline._close_items(r faultline.runs, name text, ended int, last int, out over boolean, out turns bigint[])
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_sort = off
set jit = off
as $$
#variable_conflict use_variable
declare
  definition constant jsonb := (select w.definition from faultline.workflow_tasks w where w.workflow = r.workflow and w.version = r.version and w.task = _close_items.name);
  gathered jsonb[] := '{}'::jsonb[];
  bytes bigint := 0;
  part record;
  failed record;
begin
  turns := '{}';
  over := false;
  if ended is null then
    turns := faultline._start_items(r, name, definition, coalesce((definition ->> 'concurrency')::int, 10000), -1);
  elsif definition ? 'concurrency' then
    -- Children may have failed as soon as they began, and so ended out of order; there are few of them.
    turns := faultline._start_items(r, name, definition, ended, case definition ->> 'kind' when 'job' then last else -1 end);
  end if;
  perform
  from faultline.tasks t
  where t.run_id = r.run_id and t.name = _close_items.name and t.item >= 0 and t.state in ('waiting', 'queued', 'running')
  order by t.item desc
  limit 1;
  if found then
    return;
  end if;
  over := true;
  select count(*) as many, min(t.item) as first into failed
  from faultline.tasks t
  where t.run_id = r.run_id and t.name = _close_items.name and t.item >= 0 and t.state <> 'succeeded';
  if failed.many > 0 then
    perform faultline._end_task(
      r.run_id, name, -1, 'failed', null,
      pg_catalog.jsonb_build_object(
        'type', 'ForEachError', 'message', pg_catalog.format('%s of its elements did not succeed, the first of them %s[%s]', failed.many, name, failed.first),
        'first', (select t.error from faultline.tasks t where t.run_id = r.run_id and t.name = _close_items.name and t.item = failed.first)));
    return;
  end if;
  -- Not the list first: one of 256 MB would be more than jsonb can hold, and the last item could never be completed.
  for part in
    select coalesce(t.result, 'null') as result
    from faultline.tasks t
    where t.run_id = r.run_id and t.name = _close_items.name and t.item >= 0
    order by t.item
  loop
    gathered := gathered || part.result;
    bytes := bytes + pg_catalog.octet_length(part.result::text) + 2;
    if bytes > 16777216 then
      perform faultline._end_task(
        r.run_id, name, -1, 'failed', null, pg_catalog.jsonb_build_object('type', 'ResultError', 'message', pg_catalog.format(
          'the results of its first %s elements have %s bytes as text, more than 16777216 (16 MiB). Store the data elsewhere and return references',
          pg_catalog.cardinality(gathered), bytes)));
      return;
    end if;
  end loop;
  perform faultline._end_task(r.run_id, name, -1, 'succeeded', pg_catalog.to_jsonb(gathered), null);
end
$$;
comment on function faultline._close_items(faultline.runs, text, int, int) is 'Private: what follows from items of a for_each that have ended.';
