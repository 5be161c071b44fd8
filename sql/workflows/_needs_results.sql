-- The results of what a task needs, by name, and the run's input under input.
create function faultline._needs_results(r faultline.runs, definition jsonb)
returns jsonb
language plpgsql
as $$
begin
  return pg_catalog.jsonb_build_object('input', r.input) || coalesce((
    select pg_catalog.jsonb_object_agg(t.name, coalesce(t.result, 'null'))
    from pg_catalog.jsonb_array_elements_text(definition -> 'needs') as n (name)
    cross join lateral (
      select t.name, t.result from faultline.tasks t where t.run_id = r.run_id and t.name = n.name and t.item = -1 offset 0
    ) t), '{}');
end
$$;
comment on function faultline._needs_results(faultline.runs, jsonb) is 'Private: the results of what a task needs, and the run''s input.';
