-- A duration of a schedule's definition, or FL004 for its key, with the value as it was written. NULL stays NULL.
create function faultline._schedule_interval(key text, value jsonb, lowest interval, highest interval)
returns interval
language plpgsql
as $$
declare
  problem text;
  hint text;
begin
  return faultline._spec_interval(key, value, lowest, highest);
exception when sqlstate 'FL004' then
  get stacked diagnostics problem = message_text, hint = pg_exception_hint;
  if problem like '% is out of bounds' then
    problem := pg_catalog.format('%s: %s is out of bounds', key, pg_catalog.left(value::text, 100));
  end if;
  raise exception using errcode = 'FL004', message = problem, hint = hint, column = key;
end
$$;
comment on function faultline._schedule_interval(text, jsonb, interval, interval) is 'Private: a duration of a schedule''s definition.';
