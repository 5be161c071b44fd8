-- What a reference (extract, extract.rows, input.files) begins with: input, or the longest of the needs; NULL if neither.
create function faultline._reference_base(reference text, needs jsonb)
returns text
language plpgsql immutable
as $$
begin
  return (
    select n.name
    from (
      select pg_catalog.jsonb_array_elements_text(needs) as name
      union all
      select 'input'
    ) n
    where reference = n.name or pg_catalog.starts_with(reference, n.name || '.')
    order by pg_catalog.length(n.name) desc
    limit 1);
end
$$;
comment on function faultline._reference_base(text, jsonb) is 'Private: the task, or input, that a reference begins with.';
