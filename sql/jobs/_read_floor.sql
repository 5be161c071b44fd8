-- Reads a floor token: NULL stays NULL, and so does a token whose time is ahead of the clock (the clock stepped back,
-- or the token is of another server): no floor is always right.
create function faultline._read_floor(floor text, now_ timestamptz)
returns jsonb
language plpgsql stable
as $$
declare
  token jsonb;
begin
  if floor is null then
    return null;
  end if;
  token := floor::jsonb;
  if (token ->> 'read_at')::timestamptz is null then
    raise data_exception;
  end if;
  if (token ->> 'read_at')::timestamptz > now_ then
    return null;
  end if;
  return token;
exception when data_exception then
  raise exception using
    errcode = 'FL004',
    message = pg_catalog.format('%L is not a token of advance_floor', pg_catalog.left(floor, 60)),
    hint = 'Pass on what advance_floor returned, or NULL';
end
$$;
comment on function faultline._read_floor(text, timestamptz) is 'Private: reads a floor token; NULL if its time is ahead of the clock.';
