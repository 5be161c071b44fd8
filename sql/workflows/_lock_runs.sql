-- Locks the roots of these runs, in the order of their ids. Runs come before tasks, and those before the jobs of runs;
-- jobs without a run come before all of them. A run and its children have one lock, the root's row: a child that ends
-- changes its parent. Errors: FL004 for any isolation but READ COMMITTED.
create function faultline._lock_runs(run_ids bigint[])
returns void
language plpgsql
as $$
begin
  perform faultline._check_isolation('changing a run');
  -- One by one, by the key: for a list the planner may walk all runs, if its plan is from when there were none.
  perform
  from (
    select c.root_run_id
    from unnest(run_ids) as u (id)
    cross join lateral (select r.root_run_id from faultline.runs r where r.run_id = u.id offset 0) c
    group by c.root_run_id
    order by c.root_run_id
    offset 0
  ) c
  cross join lateral (select from faultline.runs r where r.run_id = c.root_run_id for no key update) locked;
end
$$;
comment on function faultline._lock_runs(bigint[]) is 'Private: locks the roots of runs, in the order of their ids.';
