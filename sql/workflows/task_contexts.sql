-- What the handlers of claimed tasks are given besides their payload: for each job its element (item; NULL unless it is one
-- of a for_each), and the input of its run and the results of what the task needs. Those are the same for all items of a
-- task, and stand in the first row of each. Jobs that are no tasks, or not live, are left out. For faultline_runner.
--   error   why the task can't be given that: its input and results have more than 32 MiB as text. Whoever has claimed it
--           fails it with this error for good (fail_job, retryable => false); it too stands in the first row of a task
-- Once an answer has more than 32 MiB of inputs and results, it has those of no further task; with more than 32 MiB of
-- elements it ends. What is left out so is asked for again.
-- Locks nothing. Errors: FL004 more than 10 000.
create function faultline.task_contexts(job_ids bigint[])
returns table (job_id bigint, run_id bigint, name text, item jsonb, input jsonb, results jsonb, error jsonb)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
#variable_conflict use_column
declare
  r faultline.runs;
  last_name text;
  needs jsonb;
  given record;
  total bigint := 0;
  elements bigint := 0;
  one record;
begin
  if pg_catalog.cardinality(job_ids) > 10000 then
    perform faultline._invalid(pg_catalog.format('there are %s jobs', pg_catalog.cardinality(job_ids)), 'At most 10000 a call');
  end if;
  for one in
    select j.job_id, j.run_id, t.name, t.value, w.definition
    from unnest(job_ids) as u (id)
    cross join lateral (
      select j.job_id, j.run_id, j.task from faultline.jobs_live j where j.job_id = u.id offset 0
    ) j
    cross join lateral (select x.workflow, x.version from faultline.runs x where x.run_id = j.run_id offset 0) x
    cross join lateral (
      select t.name, t.value
      from faultline.tasks t
      where t.run_id = j.run_id and t.name = pg_catalog.split_part(j.task, '[', 1)
        and t.item = coalesce(nullif(pg_catalog.rtrim(pg_catalog.split_part(j.task, '[', 2), ']'), '')::int, -1)
      offset 0
    ) t
    cross join lateral (
      select w.definition from faultline.workflow_tasks w where w.workflow = x.workflow and w.version = x.version and w.task = t.name offset 0
    ) w
    order by j.run_id, t.name, j.job_id
  loop
    exit when elements > 33554432 or total > 33554432 and (run_id is distinct from one.run_id or last_name is distinct from one.name);
    elements := elements + coalesce(pg_catalog.octet_length(one.value::text), 0);
    job_id := one.job_id;
    name := one.name;
    item := one.value;
    input := null;
    results := null;
    error := null;
    if run_id is distinct from one.run_id or last_name is distinct from one.name then
      if r.run_id is distinct from one.run_id then
        select * into r from faultline.runs x where x.run_id = one.run_id;
        needs := null;
      end if;
      -- Tasks beside each other often need the same.
      if needs is distinct from one.definition -> 'needs' then
        select * into given from faultline._needs_results(r, one.name, one.definition);
        needs := case when given.error is null then one.definition -> 'needs' end;
      end if;
      error := given.error;
      if error is null then
        input := r.input;
        results := given.results - 'input';
        total := total + given.bytes;
      end if;
    end if;
    run_id := one.run_id;
    last_name := one.name;
    return next;
  end loop;
end
$$;
comment on function faultline.task_contexts(bigint[]) is 'What the handlers of claimed tasks are given: element, input, and the results of what they need.';
grant execute on function faultline.task_contexts(bigint[]) to faultline_runner;
