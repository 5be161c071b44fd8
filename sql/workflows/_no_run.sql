-- Raises FL005 (not found) for a run.
create function faultline._no_run(run_id bigint)
returns void
language plpgsql
as $$
begin
  raise exception using
    errcode = 'FL005', message = pg_catalog.format('there is no run %s', coalesce(run_id::text, 'NULL')),
    hint = 'It was never triggered, or it finished so long ago that retention removed it.';
end
$$;
comment on function faultline._no_run(bigint) is 'Private: raises FL005 for a run.';
