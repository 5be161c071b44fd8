-- Gives a run a signal, for the task that waits for it; one that arrives before its task waits. Returns 'signalled'. The
-- payload is the task's result. For faultline_operator and faultline_producer. Repeated with the same payload it changes
-- nothing. Locks the run.
-- Errors: FL002 the run was given this signal with another payload; FL003 the run has ended; FL004; FL005 no such run, or no
-- task of its workflow waits for a signal of this name.
create function faultline.signal_run(run_id bigint, name text, payload jsonb default null)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_variable
declare
  r faultline.runs;
  known faultline.run_signals;
  waited_for text[];
  names text[];
begin
  perform faultline._check_name('signal', name);
  perform faultline._check_document('the payload', payload, false);
  perform pg_catalog.pg_current_xact_id();
  perform faultline._lock_runs(array[run_id]);
  select * into r from faultline.runs x where x.run_id = signal_run.run_id;
  if not found then
    perform faultline._no_run(run_id);
  end if;
  waited_for := array(
    select distinct w.definition ->> 'signal'
    from faultline.workflow_tasks w
    where w.workflow = r.workflow and w.version = r.version and w.definition ->> 'kind' = 'signal'
    order by 1);
  if name <> all (waited_for) then
    raise exception using
      errcode = 'FL005', message = pg_catalog.format('no task of workflow %s waits for a signal %s', r.workflow, name),
      hint = case when waited_for = '{}' then 'None of its tasks waits for a signal.' else 'They wait for ' || pg_catalog.array_to_string(waited_for, ', ') end;
  end if;
  select * into known from faultline.run_signals s where s.run_id = signal_run.run_id and s.name = signal_run.name;
  if found then
    if known.payload is distinct from payload then
      raise exception using
        errcode = 'FL002', message = pg_catalog.format('run %s was given signal %s with another payload', run_id, name), hint = 'The first one stays.';
    end if;
    return 'signalled';
  end if;
  if r.state <> 'running' then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('run %s has ended: it is %s', run_id, r.state), hint = 'A signal is for a run that is running.';
  end if;
  insert into faultline.run_signals (run_id, name, payload, at) values (run_id, name, payload, pg_catalog.clock_timestamp());
  names := array(
    select t.name
    from faultline.tasks t
    join faultline.workflow_tasks w on w.workflow = r.workflow and w.version = r.version and w.task = t.name
    where t.run_id = r.run_id and t.state = 'running' and t.finished_at is null and w.definition ->> 'signal' = signal_run.name);
  perform faultline._tasks_ended(
    run_id, names, pg_catalog.array_fill(-1, array[pg_catalog.cardinality(names)]), 'succeeded',
    pg_catalog.array_fill(payload, array[pg_catalog.cardinality(names)]), null);
  perform faultline._record(null, null, 'signal_run', null, pg_catalog.jsonb_build_object('run_id', run_id, 'signal', name));
  return 'signalled';
end
$$;
comment on function faultline.signal_run(bigint, text, jsonb) is 'Gives a run a signal, for the task that waits for it or will.';
grant execute on function faultline.signal_run(bigint, text, jsonb) to faultline_producer;
