-- Resumes a family of runs from its root down; the root is locked. All dead letters of the family are discarded: also those
-- of children that are of no use any more, which nobody could resume. Its other runs follow in their turn, when the tasks
-- that they are start again.
create function faultline._resume(root bigint)
returns void
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
begin
  perform faultline._finish_jobs(array(select r.run_id from faultline.runs r where r.root_run_id = root), 'discarded');
  perform faultline._reopen(root);
  perform faultline._follow(array[root]);
end
$$;
comment on function faultline._resume(bigint) is 'Private: resumes the runs of a family that did not succeed.';
