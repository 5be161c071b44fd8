-- A text of somebody else's as a part of a sentence: on one line, without control characters (a terminal would obey
-- them) or marks that turn the direction of what follows, and no longer than so many characters. Empty becomes NULL.
create function faultline._one_line(value text, length int)
returns text
language plpgsql immutable
as $$
begin
  return nullif(pg_catalog.left(pg_catalog.btrim(pg_catalog.regexp_replace(
    pg_catalog.left(value, 4 * length), '[\u0001-\u0020\u007f-\u009f\u2028-\u202e\u2066-\u2069]+', ' ', 'g')), length), '');
end
$$;
comment on function faultline._one_line(text, int) is 'Private: a text on one line, without control characters, cut to a length.';
