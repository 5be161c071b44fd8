-- Forgets a runner that ended well; maintain() forgets those that did not. For faultline_runner. Repeated, it changes
-- nothing. Its leases stay what they are: release them first. Locks the runner's row.
create function faultline.remove_runner(runner uuid)
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from faultline.runners r where r.runner = remove_runner.runner;
end
$$;
comment on function faultline.remove_runner(uuid) is 'Forgets a runner that ended well.';
grant execute on function faultline.remove_runner(uuid) to faultline_runner;
