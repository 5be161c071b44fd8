-- Checks one key of a schedule's definition that is an argument of enqueue, as enqueue would. Raises FL004 for the key.
create function faultline._schedule_job(key text, value jsonb)
returns void
language plpgsql
as $$
declare
  kind constant text := pg_catalog.jsonb_typeof(value);
  wanted constant text := case when key in ('type', 'queue') then 'string' when key in ('priority', 'max_attempts') then 'number'
    when key = 'tags' then 'array' else 'object' end;
  number int;
  problem text;
  hint text;
begin
  if (case
    when kind <> wanted then true
    when kind = 'number' then (value #>> '{}')::numeric % 1 <> 0
    when kind = 'array' then pg_catalog.jsonb_path_exists(value, '$[*] ? (@.type() != "string")')
    else false
  end) then
    perform faultline._schedule_fault(
      key, pg_catalog.format('%s is not %s', pg_catalog.left(value::text, 100),
                             case wanted when 'string' then 'a text' when 'number' then 'a whole number' when 'array' then 'a list of texts' else 'an object' end),
      'As in enqueue');
  end if;
  if wanted = 'number' then
    number := greatest(least((value #>> '{}')::numeric, 1000), -1000);
  end if;
  begin
    perform faultline._check_job(
      case key when 'type' then value #>> '{}' else 't' end, case key when 'payload' then value else '{}' end,
      case key when 'queue' then value #>> '{}' else 'default' end, null, case key when 'priority' then number end,
      case key when 'max_attempts' then number end, null, null, case key when 'backoff' then value end, null,
      case key when 'tags' then array(select pg_catalog.jsonb_array_elements_text(value)) else '{}'::text[] end, case key when 'headers' then value end);
  exception when sqlstate 'FL004' then
    get stacked diagnostics problem = message_text, hint = pg_exception_hint;
    perform faultline._schedule_fault(key, problem, hint);
  end;
end
$$;
comment on function faultline._schedule_job(text, jsonb) is 'Private: checks a key of a schedule''s definition that is an argument of enqueue.';
