-- Raises FL004 for a place in a workflow's spec.
create function faultline._task_fault(place text, message text, hint text)
returns void
language plpgsql
as $$
begin
  raise exception using
    errcode = 'FL004', message = pg_catalog.format('%s: %s', pg_catalog.left(place, 300), message), hint = hint;
end
$$;
comment on function faultline._task_fault(text, text, text) is 'Private: raises FL004 for a place in a workflow''s spec.';
