-- Raises FL004 (invalid argument); every refusal of a value goes through here, but for a function's last statement:
-- there a plain RAISE tells that nothing is returned.
create function faultline._invalid(message text, hint text default null)
returns void
language plpgsql
as $$
begin
  raise exception using errcode = 'FL004', message = _invalid.message, hint = coalesce(_invalid.hint, '');
end
$$;
comment on function faultline._invalid(text, text) is 'Private: raises FL004.';
