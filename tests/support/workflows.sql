-- What the tests of workflows share besides the others; they begin with \ir of this file.
\ir operating.sql

-- Puts a workflow with these tasks and begins a run of it.
create function tap.begun(tasks jsonb, input jsonb default '{}', name text default 'w') returns bigint language plpgsql volatile security definer
as $$
begin
  perform faultline.put_workflow(pg_catalog.jsonb_build_object('name', begun.name, 'tasks', begun.tasks));
  return faultline.trigger_workflow(begun.name, begun.input);
end
$$;

-- Claims the job of a task (name, or name[item]), wherever it stands, and returns its attempt.
create function tap.task_claimed(run bigint, task text) returns int language plpgsql volatile security definer
as $$
declare
  id bigint;
  stood text;
  number int;
begin
  select l.job_id, l.queue into strict id, stood from faultline.jobs_live l where l.run_id = run and l.task = task_claimed.task and l.state = 'queued';
  update faultline.jobs_live l set queue = 'tap', ready_at = pg_catalog.clock_timestamp() where l.job_id = id;
  select c.attempt into strict number from faultline.claim_job('tap', tap.runner(1)) c where c.job_id = id;
  update faultline.jobs_live l set queue = stood where l.job_id = id;
  return number;
end
$$;

create function tap.task_job(run bigint, task text) returns bigint language sql volatile security definer
as $$ select max(j.job_id) from faultline.jobs j where j.run_id = run and j.task = task_job.task $$;

-- Its job succeeds, with this result; fails for good; or is cancelled.
create function tap.task_ends(run bigint, task text, state text default 'succeeded', result jsonb default null) returns text
language plpgsql volatile security definer
as $$
declare
  id constant bigint := tap.task_job(run, task);
begin
  case state
    when 'succeeded' then return faultline.complete_job(id, tap.task_claimed(run, task), result);
    when 'failed' then return faultline.fail_job(id, tap.task_claimed(run, task), '{"type": "E", "message": "broken"}', retryable => false);
    when 'cancelled' then return faultline.cancel_job(id);
  end case;
end
$$;

create function tap.tasks(run bigint) returns text language sql volatile security definer
as $$
select pg_catalog.string_agg(faultline._task_name(t.name, t.item) || ' ' || t.state, ', ' order by t.ordinal, t.name, t.item)
from faultline.tasks t
where t.run_id = run
$$;

create function tap.run_is(run bigint) returns text language sql volatile security definer
as $$ select r.state from faultline.runs r where r.run_id = run $$;

create function tap.task(run bigint, name text, item int default -1) returns faultline.tasks language sql volatile security definer
as $$ select t from faultline.tasks t where t.run_id = run and t.name = task.name and t.item = task.item $$;

-- The runs that this session has locked, as the other one finds them: they have to be committed.
create function tap.locked_runs() returns text language plpgsql volatile as $$
begin
  return (
    select string_agg(x.id::text, ' ' order by x.id)
    from (
      select run_id as id from faultline.runs
      except
      select id from public.dblink('other', 'select run_id from faultline.runs for no key update skip locked') as x (id bigint)
    ) x);
end
$$;
