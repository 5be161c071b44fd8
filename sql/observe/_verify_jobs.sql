-- Promises 1 to 5, as far as rows can show them. A promise of liveness is broken only when it is overdue by more than a
-- minute: reapers need a moment.
create function faultline._verify_jobs()
returns table (promise int, check_name text, subject text, detail text)
language plpgsql stable
as $$
declare
  -- The time of what is seen: a transaction that keeps its snapshot sees leases of that time.
  now_ constant timestamptz := case pg_catalog.current_setting('transaction_isolation')
    when 'read committed' then pg_catalog.clock_timestamp() else pg_catalog.transaction_timestamp() end;
  -- Constants: a function in a filter is called for each row.
  kept constant timestamptz := greatest(now_ - (select s.retention from faultline.settings s), faultline._oldest_day('jobs_done'));
  events_kept constant timestamptz :=
    greatest(now_ - (select s.event_retention from faultline.settings s), faultline._oldest_day('job_events'));
begin
  return query
  select 1, 'job_in_two_places', 'job ' || l.job_id,
    pg_catalog.format('it is %s in jobs_live and %s in jobs_done', l.state, d.state)
  from faultline.jobs_live l
  join faultline.jobs_done d on d.job_id = l.job_id;

  return query
  select 1, 'finished_twice', 'job ' || d.job_id, pg_catalog.format('it has %s rows in jobs_done', count(*))
  from faultline.jobs_done d
  group by d.job_id
  having count(*) > 1;

  return query
  select 1, 'payload_missing', 'job ' || j.job_id, 'its payload stands apart, and is not there'
  from (
    select l.job_id from faultline.jobs_live l where l.payload is null
    union all
    select d.job_id
    from faultline.jobs_done d
    where d.payload is null and d.finished_at > kept
  ) j
  where not exists (select from faultline.payloads p where p.job_id = j.job_id);

  -- What lies before all history was left by some that is gone, perhaps only for who sees it through an older snapshot.
  return query
  select 1, 'payload_without_job', 'job ' || p.job_id, 'its payload is there, and it is neither live nor finished'
  from faultline.payloads p
  where p.job_id > (select min(d.job_id) from faultline.jobs_done d)
    and not exists (select from faultline.jobs_live l where l.job_id = p.job_id)
    and not exists (select from faultline.jobs_done d where d.job_id = p.job_id);

  return query
  select 1, 'key_without_job', pg_catalog.format('key %L of queue %s', k.key, k.queue),
    pg_catalog.format('its job %s is neither live nor finished, and too young for retention', k.job_id)
  from faultline.idempotency_keys k
  where k.created_at > kept
    and not exists (select from faultline.jobs_live l where l.job_id = k.job_id)
    and not exists (select from faultline.jobs_done d where d.job_id = k.job_id);

  return query
  select 1, 'id_beyond_sequence', 'job ' || l.top,
    pg_catalog.format('its id is beyond the sequence, which is at %s: new jobs will collide', s.last_value)
  from (
    select greatest((select max(l.job_id) from faultline.jobs_live l), (select max(d.job_id) from faultline.jobs_done d),
      (select max(t.job_id) from faultline.transactions t)) as top
  ) l, faultline.jobs_live_job_id_seq s
  where l.top >= s.last_value + s.is_called::int;

  return query
  select 2, 'lease_overdue', 'job ' || l.job_id,
    pg_catalog.format('the lease of runner %s expired at %s and nobody took it back', l.lease_owner, l.lease_expires_at)
  from faultline.jobs_live l
  where l.lease_expires_at < now_ - interval '1 minute';

  return query
  select 2, 'lease_too_long', 'job ' || l.job_id,
    pg_catalog.format('the lease of runner %s ends at %s, more than 24 h from now', l.lease_owner, l.lease_expires_at)
  from faultline.jobs_live l
  where l.lease_expires_at > now_ + interval '24 hours 1 minute';

  return query
  select 2, 'running_without_lease', 'job ' || l.job_id,
    pg_catalog.format('it is %s with lease_owner %s and lease_expires_at %s', l.state, coalesce(l.lease_owner::text, 'NULL'),
                      coalesce(l.lease_expires_at::text, 'NULL'))
  from faultline.jobs_live l
  where (l.state = 'running') <> (l.lease_owner is not null) or (l.state = 'running') <> (l.lease_expires_at is not null);

  return query
  select 3, 'attempt_went_back', 'job ' || j.job_id,
    pg_catalog.format('it is at attempt %s, but attempt %s has been reported', j.attempt, e.attempt)
  from (
    select l.job_id, l.attempt from faultline.jobs_live l
    union all
    select d.job_id, d.attempt from faultline.jobs_done d
  ) j
  join (
    select e.job_id, max(e.attempt) as attempt
    from faultline.job_events e
    where e.verb in ('fail', 'expire', 'release', 'snooze', 'cancelled')
    group by e.job_id
  ) e on e.job_id = j.job_id
  where e.attempt > j.attempt;

  return query
  select 4, 'attempt_ended_twice', pg_catalog.format('attempt %s of job %s', e.attempt, e.job_id),
    'it ended by ' || pg_catalog.string_agg(e.verb, ' and by ' order by e.at)
  from (
    select e.job_id, e.attempt, e.verb, e.at
    from faultline.job_events e
    where e.verb in ('fail', 'expire', 'release', 'snooze', 'cancelled')
    union all
    -- A success leaves no event: only an attempt that left one can have ended twice.
    select d.job_id, d.attempt, 'complete', d.finished_at
    from (
      select distinct e.job_id, e.attempt
      from faultline.job_events e
      where e.verb in ('fail', 'expire', 'release', 'snooze', 'cancelled')
    ) e
    join faultline.jobs_done d on d.job_id = e.job_id and d.attempt = e.attempt and d.state = 'succeeded'
  ) e
  group by e.job_id, e.attempt
  having count(*) > 1;

  return query
  select 5, 'too_many_failures', 'job ' || l.job_id,
    pg_catalog.format('it is %s with %s failures of at most %s', l.state, l.failures, l.max_attempts)
  from faultline.jobs_live l
  where l.failures > l.max_attempts or l.state = 'queued' and l.failures >= l.max_attempts;

  return query
  select 5, 'failures_miscounted', 'job ' || l.job_id,
    pg_catalog.format('it counts %s failures, its events since the last retry show %s', l.failures, e.failures)
  from faultline.jobs_live l
  cross join lateral (
    select count(*) as failures
    from faultline.job_events e
    where e.job_id = l.job_id and e.verb in ('fail', 'expire')
      and e.event_id > coalesce(
        (select max(r.event_id) from faultline.job_events r where r.job_id = l.job_id and r.verb = 'retry'), 0)
  ) e
  where e.failures <> l.failures and l.attempt > 0
    and l.created_at > events_kept;

  -- A snooze is no loop if its handler chose to wait: only one so short that it hardly is a wait counts.
  return query
  select 5, 'hot_loop', 'job ' || e.job_id,
    pg_catalog.format('%s attempts of it ended within a minute', count(*))
  from faultline.job_events e
  where e.at > now_ - interval '1 minute' and e.verb in ('fail', 'expire', 'release', 'snooze')
    and not coalesce(e.verb = 'snooze' and (e.detail ->> 'delay')::interval >= interval '100 milliseconds', false)
  group by e.job_id
  having count(*) > 100;

  return query
  select 5, 'waits_too_long', 'job ' || l.job_id, pg_catalog.format('its retry waits until %s', l.ready_at)
  from faultline.jobs_live l
  where l.state = 'queued' and l.failures > 0 and l.ready_at > now_ + interval '367 days';
end
$$;
comment on function faultline._verify_jobs() is 'Private: violations of promises 1 to 5.';
