-- Raises FL004 for a key of a schedule's definition. The column of the error is the key, so that who has the file can point
-- at the line.
create function faultline._schedule_fault(key text, message text, hint text)
returns void
language plpgsql
as $$
begin
  raise exception using
    errcode = 'FL004', message = pg_catalog.format('%s: %s', _schedule_fault.key, _schedule_fault.message), hint = _schedule_fault.hint,
    column = _schedule_fault.key;
end
$$;
comment on function faultline._schedule_fault(text, text, text) is 'Private: raises FL004 for a key of a schedule''s definition.';
