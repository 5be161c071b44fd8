-- The value that a reference (extract, extract.rows, input.files) names; NULL if there is nothing in that place.
create function faultline._refer(r faultline.runs, definition jsonb, reference text)
returns jsonb
language plpgsql
as $$
declare
  base constant text := faultline._reference_base(reference, definition -> 'needs');
  rest constant text := pg_catalog.substr(reference, pg_catalog.length(base) + 2);
  value jsonb;
begin
  if base = 'input' then
    value := r.input;
  else
    select t.result into value from faultline.tasks t where t.run_id = r.run_id and t.name = base and t.item = -1;
  end if;
  return value #> pg_catalog.string_to_array(rest, '.');
end
$$;
comment on function faultline._refer(faultline.runs, jsonb, text) is 'Private: the value that a reference names.';
