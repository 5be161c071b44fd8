-- Locks the roots of these runs, in the order of their ids. Runs come before tasks, and those before the jobs of runs;
-- jobs without a run come before all of them. A run and its children have one lock, the root's row: a child that ends
-- changes its parent. Errors: FL004 for any isolation but READ COMMITTED.
create function faultline._lock_runs(run_ids bigint[])
returns void
language plpgsql
as $$
begin
  perform faultline._check_isolation();
  perform
  from faultline.runs r
  where r.run_id = any (array(select distinct c.root_run_id from faultline.runs c where c.run_id = any (run_ids)))
  order by r.run_id
  for no key update;
end
$$;
comment on function faultline._lock_runs(bigint[]) is 'Private: locks the roots of runs, in the order of their ids.';
