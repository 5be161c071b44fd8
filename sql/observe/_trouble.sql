-- An error in a few words, "type: message", or what there is of it; NULL if neither is there.
create function faultline._trouble(error jsonb)
returns text
language plpgsql immutable
as $$
begin
  return nullif(pg_catalog.concat_ws(': ', faultline._one_line(error ->> 'type', 100), faultline._one_line(error ->> 'message', 200)), '');
end
$$;
comment on function faultline._trouble(jsonb) is 'Private: an error in a few words.';
