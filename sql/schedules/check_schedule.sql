-- The definition of a schedule as put_schedule would store it, with all defaults; nothing is stored. For faultline_operator.
-- Errors: those of put_schedule.
create function faultline.check_schedule(definition jsonb)
returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return faultline._check_schedule(check_schedule.definition);
end
$$;
comment on function faultline.check_schedule(jsonb) is 'The definition of a schedule with all defaults, as put_schedule would store it.';
grant execute on function faultline.check_schedule(jsonb) to faultline_operator;
