-- Whether the condition (if) of a task holds; an error, for the task to fail with, if it is neither true nor false, or if
-- there is too much to look at. Whatever the path raises is such an error: it must not reach whoever ends what the task needs,
-- who could never do it then. Besides bad data that is a date compared with a time that has a zone, and too deep a nesting.
create function faultline._condition(r faultline.runs, task text, definition jsonb, out holds boolean, out error jsonb)
language plpgsql
as $$
declare
  given jsonb;
begin
  select n.results, n.error into given, error from faultline._needs_results(r, task, definition) n;
  if error is not null then
    return;
  end if;
  holds := pg_catalog.jsonb_path_match(given, (definition ->> 'if')::jsonpath);
  if holds is null then
    error := pg_catalog.jsonb_build_object(
      'type', 'ConditionError', 'message', pg_catalog.format('if: %s is neither true nor false here', pg_catalog.left(definition ->> 'if', 300)));
  end if;
exception when data_exception or undefined_object or feature_not_supported or program_limit_exceeded then
  error := pg_catalog.jsonb_build_object('type', 'ConditionError', 'message', pg_catalog.left(sqlerrm, 500));
end
$$;
comment on function faultline._condition(faultline.runs, text, jsonb) is 'Private: whether the condition of a task holds.';
