-- Makes many ticks happen in one round trip: an array of at most 10 000 objects {"schedule", "version", "tick_at", "after",
-- "missed": 0, "fire": true}, of each schedule the oldest first. For faultline_runner and faultline_operator.
--   after   how far the calendar was when the tick was computed; for the next tick of a schedule, the one before. If it is not
--           so far now, nothing is done (behind): so the rule for missed ticks and what it counts hold, whoever proposes
--   missed  how many ticks between after and this one the rule drops
--   fire    false: this one is dropped too, and counted in missed; none is on time. One that the rule allowed when it was
--           computed, and does not any more, is dropped like that: a long batch would else keep its schedule where it is
-- Returns a row for each, in the order of the array. outcome: made; repeat (recorded before); skipped (overlap); failed (the
-- workflow refused the input); missed (dropped); these are recorded. Refused, with nothing changed: busy (somebody holds the
-- schedule: try again), behind, version, paused, unknown, future, outside, on_time, not_a_tick; detail says why. cursor is
-- how far the calendar of the schedule is now.
-- Locks the rows of the schedules in the order of their names, none for what is recorded already, and waits for none.
-- Errors: FL004.
create function faultline.fire_schedules(ticks jsonb)
returns table (ordinal int, schedule text, tick_at timestamptz, outcome text, job_id bigint, run_id bigint, cursor timestamptz, detail text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_variable
declare
  proposals constant jsonb := faultline._check_ticks(ticks);
  proposal record;
  s faultline.schedules;
  locked text;
  fault record;
begin
  perform faultline._check_isolation('fire_schedules');
  perform pg_catalog.pg_current_xact_id();
  for proposal in
    select e.ordinality as ordinal, r.schedule, r.version, r.tick_at, r.after, coalesce(r.missed, 0) as missed, coalesce(r.fire, true) as fire
    from pg_catalog.jsonb_array_elements(proposals) with ordinality e,
      pg_catalog.jsonb_to_record(e.value) as r (schedule text, version int, tick_at timestamptz, after timestamptz, missed int, fire boolean)
    order by r.schedule collate "C", e.ordinality
  loop
    ordinal := proposal.ordinal;
    schedule := proposal.schedule;
    tick_at := proposal.tick_at;
    detail := null;
    -- Of several runners with the same tick all but one end here, without a lock.
    select 'repeat', t.job_id, t.run_id into outcome, job_id, run_id from faultline.schedule_ticks t where t.schedule = proposal.schedule and t.tick_at = proposal.tick_at;
    if not found and locked is distinct from schedule then
      select * into s from faultline.schedules x where x.schedule = proposal.schedule for no key update skip locked;
      if found then
        locked := schedule;
        select 'repeat', t.job_id, t.run_id into outcome, job_id, run_id from faultline.schedule_ticks t where t.schedule = proposal.schedule and t.tick_at = proposal.tick_at;
      else
        -- Nobody waits here: a schedule that somebody holds must not keep the others from their ticks.
        select * into s from faultline.schedules x where x.schedule = proposal.schedule;
        outcome := 'busy';
        detail := pg_catalog.format('schedule %s is locked: another runner fires it, or an operator changes it', schedule);
      end if;
    elsif locked is distinct from schedule then
      select * into s from faultline.schedules x where x.schedule = proposal.schedule;
    end if;
    if s.schedule is null or s.deleted_at is not null then
      outcome := 'unknown';
      cursor := null;
      detail := pg_catalog.format('there is no schedule %s', schedule);
      return next;
      continue;
    end if;
    cursor := faultline._schedule_cursor(s);
    if outcome is null then
      select * into fault from faultline._tick_fault(s, tick_at, proposal.version, cursor, false, proposal.fire);
      outcome := fault.outcome;
      detail := fault.message;
      if (outcome is null or outcome = 'late') and cursor <> proposal.after then
        outcome := 'behind';
        detail := pg_catalog.format('tick %s of schedule %s was computed from %s, and it is at %s', faultline._utc(tick_at), schedule, faultline._utc(proposal.after), faultline._utc(cursor));
      end if;
    end if;
    if outcome is null or outcome = 'late' then
      if outcome = 'late' or not proposal.fire then
        outcome := 'missed';
        insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, missed, version, fired_at)
        values (schedule, tick_at, 'calendar', outcome, proposal.missed + case when proposal.fire then 1 else 0 end, s.version, pg_catalog.clock_timestamp());
      elsif s.definition ? 'workflow' then
        begin
          select m.outcome, m.job_id, m.run_id, m.detail into outcome, job_id, run_id, detail from faultline._make_tick(s, tick_at, 'calendar', proposal.missed) m;
        exception when sqlstate 'FL004' or sqlstate 'FL002' then
          -- Recorded, or it would be tried again every second, and keep the others from their ticks.
          outcome := 'failed';
          job_id := null;
          run_id := null;
          detail := pg_catalog.left(sqlerrm, 1000);
          insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, missed, version, fired_at, detail)
          values (schedule, tick_at, 'calendar', outcome, proposal.missed, s.version, pg_catalog.clock_timestamp(), detail);
        end;
      else
        select m.outcome, m.job_id, m.run_id, m.detail into outcome, job_id, run_id, detail from faultline._make_tick(s, tick_at, 'calendar', proposal.missed) m;
      end if;
      cursor := tick_at;
    end if;
    return next;
  end loop;
end
$$;
comment on function faultline.fire_schedules(jsonb) is 'Makes many ticks of schedules happen, each once; one row each.';
grant execute on function faultline.fire_schedules(jsonb) to faultline_runner, faultline_operator;
