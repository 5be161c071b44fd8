-- Raises FL004 if a document has more than 256 KiB as text, or has to be an object and is none. NULL passes.
-- what is the document's name, as in 'the error'.
create function faultline._check_document(what text, document jsonb, must_be_object boolean)
returns void
language plpgsql
as $$
begin
  if must_be_object and pg_catalog.jsonb_typeof(document) <> 'object' then
    perform faultline._invalid(
      pg_catalog.format('%s is not an object but of type %s', what, pg_catalog.jsonb_typeof(document)),
      case when what like 'the error%' then 'For example {"type": "ValueError", "message": "…"}'
        else 'Put the value under a name, as in {"value": …}' end);
  end if;
  if pg_catalog.octet_length(document::text) > 262144 then
    perform faultline._invalid(
      pg_catalog.format('%s has %s bytes as text', what, pg_catalog.octet_length(document::text)),
      pg_catalog.format(
        'At most 262144 (256 KiB): store the data elsewhere and %s a reference', case when what = 'the request' then 'pass' when what like 'the payload of %' then 'enqueue' else 'return' end));
  end if;
end
$$;
comment on function faultline._check_document(text, jsonb, boolean) is 'Private: raises FL004 for a document that can''t be kept.';
