-- Raises FL004 if a result or an error has more than 256 KiB as text, or an error is not an object. NULL passes.
create function faultline._check_document(what text, document jsonb, must_be_object boolean)
returns void
language plpgsql
as $$
begin
  if must_be_object and pg_catalog.jsonb_typeof(document) <> 'object' then
    perform faultline._invalid(
      pg_catalog.format('%s is not an object but of type %s', what, pg_catalog.jsonb_typeof(document)),
      'For example {"type": "ValueError", "message": "…"}');
  end if;
  if pg_catalog.octet_length(document::text) > 262144 then
    perform faultline._invalid(
      pg_catalog.format('%s has %s bytes as text', what, pg_catalog.octet_length(document::text)),
      'At most 262144 (256 KiB): store the data elsewhere and return a reference');
  end if;
end
$$;
comment on function faultline._check_document(text, jsonb, boolean) is 'Private: raises FL004 for a result or an error that can''t be kept.';
