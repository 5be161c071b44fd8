-- Resumes the runs of a family that did not succeed, from the root down; the root is locked. Dead letters are discarded.
-- A for_each and a child go on where they stopped; but if something that they need runs again (they ran after its failure),
-- they start anew, as all else does that did not succeed.
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
declare
  family bigint[] := array[root];
  turns bigint[] := '{}'::bigint[];
  turn int := 1;
  r faultline.runs;
  part record;
  anew text[];
begin
  while turn <= pg_catalog.cardinality(family) loop
    update faultline.runs x set state = 'running', finished_at = null where x.run_id = family[turn] returning * into r;
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
      child_run_id = p.child, state = case when p.child is not null or p.has_items then 'running' else 'waiting' end
    from (
      select self.ctid as place,
        -- A child that succeeded, and whose results were too large, is of no use.
        (select c.run_id from faultline.runs c where c.run_id = self.child_run_id and c.state <> 'succeeded' and self.name <> all (anew)) as child,
        self.item = -1 and (
          select i.item from faultline.tasks i where i.run_id = r.run_id and i.name = self.name and i.item >= 0 order by i.item limit 1) is not null as has_items
      from faultline.tasks self
      where self.run_id = r.run_id and self.state in ('failed', 'cancelled', 'skipped')
      offset 0
    ) p
    where t.ctid = p.place;
    family := family || array(
      select t.child_run_id
      from faultline.tasks t
      where t.run_id = r.run_id and t.state = 'running' and t.child_run_id is not null
      order by t.ordinal, t.item);
    turn := turn + 1;
  end loop;
  perform faultline._finish_jobs(family, 'discarded');
  for r in select x.* from faultline.runs x where x.run_id = any (family) order by x.run_id loop
    for part in
      select t.name
      from faultline.tasks t
      where t.run_id = r.run_id and t.item = -1 and t.state = 'running'
        and exists (select from faultline.tasks i where i.run_id = t.run_id and i.name = t.name and i.item >= 0)
      order by t.ordinal
    loop
      turns := turns || (select c.turns from faultline._close_items(r, part.name, null, null) c);
    end loop;
    turns := turns || faultline._advance(r, null);
  end loop;
  perform faultline._follow(turns);
end
$$;
comment on function faultline._resume(bigint) is 'Private: resumes the runs of a family that did not succeed.';
