-- Brings a run that failed or was cancelled back to running, and its tasks that did not succeed back to waiting; whoever
-- calls it gives the run its turn (_follow). A for_each and a child go on where they stopped: they keep their items, and
-- their run. But if something that they need runs again (they ran after its failure), they start anew, as all else does
-- that did not succeed. The root is locked.
create function faultline._reopen(run_id bigint)
returns void
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
#variable_conflict use_variable
declare
  r faultline.runs;
  anew text[];
begin
  update faultline.runs x set state = 'running', finished_at = null where x.run_id = _reopen.run_id returning * into r;
  anew := array(
    select distinct t.name
    from (
      select t.name from faultline.tasks t where t.run_id = r.run_id and t.item = -1 and t.state in ('failed', 'cancelled', 'skipped') offset 0
    ) t
    cross join lateral (
      select d.needs from faultline.task_dependencies d where d.workflow = r.workflow and d.version = r.version and d.task = t.name offset 0
    ) d
    cross join lateral (
      select n.state from faultline.tasks n where n.run_id = r.run_id and n.name = d.needs and n.item = -1 offset 0
    ) n
    where n.state <> 'succeeded');
  delete from faultline.tasks t where t.run_id = r.run_id and t.name = any (anew) and t.item >= 0;
  update faultline.tasks t
  set generation = t.generation + 1, job_id = null, result = null, error = null, finished_at = null, after_failure = false,
    child_run_id = p.child, state = 'waiting'
  from (
    select self.ctid as place,
      -- A child that succeeded, and whose results were too large, is of no use.
      (select c.run_id from faultline.runs c where c.run_id = self.child_run_id and c.state <> 'succeeded' and self.name <> all (anew)) as child
    from faultline.tasks self
    where self.run_id = r.run_id and self.state in ('failed', 'cancelled', 'skipped')
    offset 0
  ) p
  where t.ctid = p.place;
end
$$;
comment on function faultline._reopen(bigint) is 'Private: brings a run that has ended, and what did not succeed in it, back.';
