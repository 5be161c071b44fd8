-- resume_run for one run of a family, whose root is locked.
create function faultline._resume(r faultline.runs)
returns void
language plpgsql
as $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
  part record;
  child faultline.runs;
begin
  update faultline.runs x set state = 'running', finished_at = null where x.run_id = r.run_id;
  for job in select * from faultline.jobs_live j where j.run_id = r.run_id and j.finished_at is not null order by j.job_id for update loop
    perform faultline._finish(job, 'discarded', null);
  end loop;
  -- The items of a for_each, and children, go on where they stopped; all else that did not succeed starts anew.
  update faultline.tasks t
  set state = case when exists (
                select from faultline.tasks i where i.run_id = t.run_id and i.name = t.name and t.item = -1 and i.item >= 0) then 'running'
              when t.child_run_id is not null then 'running' else 'waiting' end,
      generation = t.generation + 1, job_id = null, result = null, error = null, finished_at = null, after_failure = false
  where t.run_id = r.run_id and t.state in ('failed', 'cancelled', 'skipped');
  for part in
    select t.name, t.child_run_id
    from faultline.tasks t
    where t.run_id = r.run_id and t.state = 'running' and t.child_run_id is not null
    order by t.ordinal, t.item
  loop
    select * into child from faultline.runs x where x.run_id = part.child_run_id;
    perform faultline._resume(child);
  end loop;
  for part in
    select distinct t.name, w.definition
    from faultline.tasks t
    join faultline.workflow_tasks w on w.workflow = r.workflow and w.version = r.version and w.task = t.name
    where t.run_id = r.run_id and t.state = 'waiting' and t.item >= 0
    order by t.name
  loop
    perform faultline._start_items(r, part.name, part.definition);
  end loop;
  perform faultline._advance(r.run_id, null);
end
$$;
comment on function faultline._resume(faultline.runs) is 'Private: resumes one run of a family.';
