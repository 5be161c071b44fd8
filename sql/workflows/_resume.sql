-- Resumes the runs of a family that did not succeed, from the root down; the root is locked. Dead letters are discarded.
-- A for_each and a child go on where they stopped; but if something that they need runs again (they ran after its failure),
-- they start anew, as all else does that did not succeed.
create function faultline._resume(root bigint)
returns void
language plpgsql
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  family bigint[] := array[root];
  turns bigint[] := '{}'::bigint[];
  turn int := 1;
  r faultline.runs;
  job faultline.jobs_live;
  part record;
  anew text[];
begin
  while turn <= pg_catalog.cardinality(family) loop
    update faultline.runs x set state = 'running', finished_at = null where x.run_id = family[turn] returning * into r;
    for job in select * from faultline.jobs_live j where j.run_id = r.run_id order by j.job_id for update loop
      perform faultline._finish(job, 'discarded', null);
    end loop;
    anew := array(
      select distinct t.name
      from faultline.tasks t
      join faultline.task_dependencies d on d.workflow = r.workflow and d.version = r.version and d.task = t.name
      join faultline.tasks n on n.run_id = t.run_id and n.name = d.needs and n.item = -1
      where t.run_id = r.run_id and t.item = -1 and t.state in ('failed', 'cancelled', 'skipped') and n.state <> 'succeeded');
    delete from faultline.tasks t where t.run_id = r.run_id and t.name = any (anew) and t.item >= 0;
    update faultline.tasks t
    set generation = t.generation + 1, job_id = null, result = null, error = null, finished_at = null, after_failure = false,
      child_run_id = c.run_id,
      state = case
        when c.run_id is not null or t.item = -1 and exists (select from faultline.tasks i where i.run_id = t.run_id and i.name = t.name and i.item >= 0) then 'running'
        else 'waiting' end
    from faultline.tasks self
    -- A child that succeeded, and whose results were too large, is of no use.
    left join faultline.runs c on c.run_id = self.child_run_id and c.state <> 'succeeded' and self.name <> all (anew)
    where t.run_id = r.run_id and t.state in ('failed', 'cancelled', 'skipped') and self.run_id = t.run_id and self.name = t.name and self.item = t.item;
    family := family || array(
      select t.child_run_id
      from faultline.tasks t
      where t.run_id = r.run_id and t.state = 'running' and t.child_run_id is not null
      order by t.ordinal, t.item);
    turn := turn + 1;
  end loop;
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
