-- How many elements an argument of many jobs has. Raises FL004 if it is no array, or has more than 10 000.
--   what      the name of the argument, for the message
--   example   one that is right, for the hint
create function faultline._check_array(what text, value jsonb, example text)
returns int
language plpgsql
as $$
declare
  total int;
begin
  if value is null or pg_catalog.jsonb_typeof(value) <> 'array' then
    perform faultline._invalid(
      pg_catalog.format('%s is not an array but %s', what, coalesce('of type ' || pg_catalog.jsonb_typeof(value), 'NULL')),
      'For example ' || example);
  end if;
  total := pg_catalog.jsonb_array_length(value);
  if total > 10000 then
    perform faultline._invalid(pg_catalog.format('the array has %s elements', total), 'At most 10000 a call');
  end if;
  return total;
end
$$;
comment on function faultline._check_array(text, jsonb, text)
is 'Private: how many elements an argument of many jobs has; raises FL004 if it is no array, or has more than 10 000.';
