-- The results of what a task needs, by name, and the run's input under input; as text (with what separates them) they have so
-- many bytes. If those are more than 32 MiB: an error, for the task to fail with, in place of the results. It stops there:
-- ten thousand results could have gigabytes, and a document of 256 MB is more than jsonb can hold.
create function faultline._needs_results(
  r faultline.runs, task text, definition jsonb, out results jsonb, out bytes bigint, out error jsonb)
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
#variable_conflict use_variable
declare
  names text[] := '{}'::text[];
  found_ jsonb[] := '{}'::jsonb[];
  need record;
begin
  bytes := pg_catalog.octet_length(r.input::text) + 11;
  for need in
    select t.name, coalesce(t.result, 'null') as result
    from pg_catalog.jsonb_array_elements_text(definition -> 'needs') as n (name)
    cross join lateral (
      select t.name, t.result from faultline.tasks t where t.run_id = r.run_id and t.name = n.name and t.item = -1 offset 0
    ) t
  loop
    names := names || need.name;
    found_ := found_ || need.result;
    bytes := bytes + pg_catalog.octet_length(need.result::text) + pg_catalog.length(need.name) + 6;
    if bytes > 33554432 then
      error := pg_catalog.jsonb_build_object('type', 'ContextError', 'message', pg_catalog.format(
        'task %s would be given too much: the input of its run and %s of the %s results that it needs have %s bytes as text, more than 33554432 (32 MiB). Store the data elsewhere and return references',
        task, pg_catalog.cardinality(names), pg_catalog.jsonb_array_length(definition -> 'needs'), bytes));
      return;
    end if;
  end loop;
  results := pg_catalog.jsonb_build_object('input', r.input) || coalesce((
    select pg_catalog.jsonb_object_agg(u.name, u.result) from unnest(names, found_) as u (name, result)), '{}');
end
$$;
comment on function faultline._needs_results(faultline.runs, text, jsonb) is 'Private: the results of what a task needs, and the run''s input; or that they are too large.';
