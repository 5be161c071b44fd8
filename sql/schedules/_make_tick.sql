-- Makes the job or the run of a tick, and records it, in one transaction: the primary key of schedule_ticks is what makes it
-- happen once. The schedule is locked, the tick is known to be right, and the caller has its xid.
-- A workflow that refuses the input of its schedule raises FL004.
create function faultline._make_tick(
  s faultline.schedules, tick_at timestamptz, kind text, missed int, out outcome text, out job_id bigint, out run_id bigint, out detail text)
language plpgsql
as $$
#variable_conflict use_variable
declare
  d constant jsonb := s.definition;
  tick constant text := faultline._utc(tick_at);
  jitter constant double precision := coalesce((d ->> 'jitter')::double precision, 0);
begin
  outcome := 'made';
  if kind = 'calendar' and s.overlap = 'skip' then
    detail := faultline._overlaps(s.schedule);
  end if;
  if detail is not null then
    outcome := 'skipped';
  elsif d ? 'type' then
    job_id := pg_catalog.nextval('faultline.jobs_live_job_id_seq');
    perform faultline._add_job(
      job_id, d ->> 'type', d -> 'payload' || pg_catalog.jsonb_build_object('tick_at', tick), d ->> 'queue',
      -- The same delay for a tick whoever fires it, evenly below jitter.
      case when kind <> 'now' then tick_at end + pg_catalog.make_interval(secs => jitter * (pg_catalog.hashtextextended(s.schedule || tick, 0) & 4294967295) / 4294967296),
      (d ->> 'priority')::int, (d ->> 'max_attempts')::int, null, d -> 'backoff',
      pg_catalog.make_interval(secs => (d ->> 'timeout')::double precision),
      case when d ? 'tags' then array(select pg_catalog.jsonb_array_elements_text(d -> 'tags')) else '{}' end,
      coalesce(d -> 'headers', '{}') || pg_catalog.jsonb_build_object(
        'faultline.tick', pg_catalog.jsonb_build_object('schedule', s.schedule, 'tick_at', tick, 'job_id', job_id)),
      null, null, null);
  else
    run_id := faultline._trigger(
      d ->> 'workflow', d -> 'input' || pg_catalog.jsonb_build_object('tick_at', tick), pg_catalog.format('faultline.tick:%s:%s', s.schedule, tick), null);
  end if;
  insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, job_id, run_id, missed, version, fired_at, detail)
  values (s.schedule, tick_at, kind, outcome, job_id, run_id, missed, s.version, pg_catalog.clock_timestamp(), detail);
end
$$;
comment on function faultline._make_tick(faultline.schedules, timestamptz, text, int) is 'Private: makes the job or the run of a tick, and records it.';
