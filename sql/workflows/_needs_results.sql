-- The results of what a task needs, by name, and the run's input under input; as text (with what separates them) they have so
-- many bytes. If those are more than 32 MiB: an error, for the task to fail with, in place of the results. It stops there:
-- ten thousand results could have gigabytes, and a document of 256 MB is more than jsonb can hold.
create function faultline._needs_results(
  r faultline.runs, task text, definition jsonb, out results jsonb, out bytes bigint, out error jsonb)
language plpgsql
as $$
#variable_conflict use_variable
declare
  needed constant int := pg_catalog.jsonb_array_length(definition -> 'needs');
  taken int := 0;
  names text[] := '{}'::text[];
  found_ jsonb[] := '{}'::jsonb[];
  need record;
begin
  bytes := pg_catalog.octet_length(r.input::text) + 11;
  if needed <= 8 then
    -- So many fit into a jsonb, however large they are, and one statement is the faster way.
    select pg_catalog.jsonb_object_agg(t.name, t.result),
      bytes + coalesce(sum(coalesce(pg_catalog.octet_length(t.result::text), 4) + pg_catalog.length(t.name) + 6), 0)
    into results, bytes
    from pg_catalog.jsonb_array_elements_text(definition -> 'needs') as n (name)
    cross join lateral (
      select t.name, t.result from faultline.tasks t where t.run_id = r.run_id and t.name = n.name and t.item = -1 offset 0
    ) t;
    taken := needed;
  else
    for need in
      select t.name, coalesce(t.result, 'null') as result
      from pg_catalog.jsonb_array_elements_text(definition -> 'needs') as n (name)
      cross join lateral (
        select t.name, t.result from faultline.tasks t where t.run_id = r.run_id and t.name = n.name and t.item = -1 offset 0
      ) t
    loop
      taken := taken + 1;
      names := names || need.name;
      found_ := found_ || need.result;
      bytes := bytes + pg_catalog.octet_length(need.result::text) + pg_catalog.length(need.name) + 6;
      exit when bytes > 33554432;
    end loop;
  end if;
  if bytes > 33554432 then
    results := null;
    error := pg_catalog.jsonb_build_object('type', 'ContextError', 'message', pg_catalog.format(
      'task %s would be given too much: the input of its run and %s of the %s results that it needs have %s bytes as text, more than 33554432 (32 MiB). Store the data elsewhere and return references',
      task, taken, needed, bytes));
    return;
  end if;
  if needed > 8 then
    results := (select pg_catalog.jsonb_object_agg(u.name, u.result) from unnest(names, found_) as u (name, result));
  end if;
  results := pg_catalog.jsonb_build_object('input', r.input) || coalesce(results, '{}');
end
$$;
comment on function faultline._needs_results(faultline.runs, text, jsonb) is 'Private: the results of what a task needs, and the run''s input; or that they are too large.';
