-- Promise 11, as far as rows can show it. That a tick has one row, and a row one job, its constraints hold (guard_missing).
create function faultline._verify_schedules()
returns table (promise int, check_name text, subject text, detail text)
language plpgsql stable
set enable_nestloop = off
set jit = off
as $$
declare
  now_ constant timestamptz := case pg_catalog.current_setting('transaction_isolation')
    when 'read committed' then pg_catalog.clock_timestamp() else pg_catalog.transaction_timestamp() end;
  -- What is younger than this retention has not removed, whatever the settings were.
  kept constant timestamptz := greatest(now_ - (select s.retention from faultline.settings s), faultline._oldest_day('jobs_done'));
begin
  return query
  select 11, 'tick_without_job', pg_catalog.format('tick %s of schedule %s', faultline._utc(t.tick_at), t.schedule),
    pg_catalog.format('its job %s is neither live nor finished, and too young for retention', t.job_id)
  from faultline.schedule_ticks t
  where t.job_id is not null and t.fired_at > kept
    and not exists (select from faultline.jobs_live l where l.job_id = t.job_id)
    and not exists (select from faultline.jobs_done d where d.job_id = t.job_id);

  return query
  select 11, 'tick_without_run', pg_catalog.format('tick %s of schedule %s', faultline._utc(t.tick_at), t.schedule),
    pg_catalog.format('its run %s is gone, and too young for retention', t.run_id)
  from faultline.schedule_ticks t
  where t.run_id is not null and t.fired_at > kept and not exists (select from faultline.runs r where r.run_id = t.run_id);

  -- A job that was made for a tick says so with its own id: headers that were copied to another job do not count.
  return query
  select 11, 'job_without_tick', 'job ' || j.job_id,
    pg_catalog.format('it was made for tick %s of schedule %s, which has %s', j.tick ->> 'tick_at', j.tick ->> 'schedule', coalesce('job ' || t.job_id, 'no such job'))
  from (
    select l.job_id, l.headers -> 'faultline.tick' as tick from faultline.jobs_live l where l.headers ? 'faultline.tick'
    union all
    select d.job_id, d.headers -> 'faultline.tick' from faultline.jobs_done d where d.headers ? 'faultline.tick'
  ) j
  left join faultline.schedules s on s.schedule = j.tick ->> 'schedule'
  left join faultline.schedule_ticks t on t.schedule = j.tick ->> 'schedule' and faultline._utc(t.tick_at) = j.tick ->> 'tick_at'
  where j.tick ->> 'job_id' = j.job_id::text and t.job_id is distinct from j.job_id
    -- Both are texts of one form: whoever wrote another has no tick.
    and (s.forgotten_until is null or j.tick ->> 'tick_at' collate "C" > faultline._utc(s.forgotten_until) collate "C");

  return query
  select 11, 'run_without_tick', 'run ' || r.run_id, pg_catalog.format('it was made by %s, and no tick has it', r.idempotency_key)
  from faultline.runs r
  left join faultline.schedule_ticks t on t.run_id = r.run_id
  where r.idempotency_key like 'faultline.tick:%' and t.run_id is null and r.created_at > kept;

  return query
  select 11, 'tick_in_future', pg_catalog.format('tick %s of schedule %s', faultline._utc(t.tick_at), t.schedule),
    'it has happened, and is more than a minute from now: the clock was set back'
  from faultline.schedule_ticks t
  where t.tick_at > now_ + interval '1 minute';
end
$$;
comment on function faultline._verify_schedules() is 'Private: violations of promise 11.';
