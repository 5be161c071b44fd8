-- What becomes of a waiting task all of whose needs are over: {"run": true}, {"run": false, "after_failure": …}, or
-- {"error": …} if its condition is neither true nor false. The truth table of docs/workflows.md.
create function faultline._decide(r faultline.runs, definition jsonb)
returns jsonb
language plpgsql
as $$
declare
  all_succeeded boolean;
  failed boolean;
  condition boolean;
begin
  select coalesce(bool_and(t.state = 'succeeded'), true),
    coalesce(bool_or(t.state in ('failed', 'cancelled') or t.after_failure), false)
  into all_succeeded, failed
  from pg_catalog.jsonb_array_elements_text(definition -> 'needs') as n (name)
  join faultline.tasks t on t.run_id = r.run_id and t.name = n.name and t.item = -1;
  if not (case definition ->> 'when' when 'success' then all_succeeded when 'failure' then failed else true end) then
    return pg_catalog.jsonb_build_object('run', false, 'after_failure', failed and definition ->> 'when' = 'success');
  end if;
  if definition ? 'if' then
    begin
      condition := pg_catalog.jsonb_path_match(faultline._needs_results(r, definition), (definition ->> 'if')::jsonpath);
    exception when data_exception then
      return pg_catalog.jsonb_build_object('error', pg_catalog.jsonb_build_object('type', 'ConditionError', 'message', pg_catalog.left(sqlerrm, 500)));
    end;
    if condition is null then
      return pg_catalog.jsonb_build_object('error', pg_catalog.jsonb_build_object(
        'type', 'ConditionError', 'message', pg_catalog.format('if: %s is neither true nor false here', pg_catalog.left(definition ->> 'if', 300))));
    elsif not condition then
      return '{"run": false, "after_failure": false}';
    end if;
  end if;
  return '{"run": true}';
end
$$;
comment on function faultline._decide(faultline.runs, jsonb) is 'Private: what becomes of a task whose needs are over.';
