-- Makes the job or the run of a schedule now, outside its calendar, and returns it; paused or not, whatever is under way. Each
-- call makes another one. For faultline_operator. Locks the schedule's row.
-- Errors: FL004 what the workflow says of its input, any isolation but READ COMMITTED; FL005 no such schedule.
create function faultline.fire_now(name text, out job_id bigint, out run_id bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
#variable_conflict use_variable
declare
  s faultline.schedules;
  at_ timestamptz;
begin
  perform faultline._check_isolation('fire_now');
  perform pg_catalog.pg_current_xact_id();
  s := faultline._lock_schedule(name);
  -- Ticks of the calendar are whole seconds: this is none, and no second one of this kind.
  at_ := greatest(pg_catalog.clock_timestamp(), (
    select t.tick_at from faultline.schedule_ticks t where t.schedule = name and t.kind = 'now' order by t.tick_at desc limit 1) + interval '1 microsecond');
  if pg_catalog.date_trunc('second', at_) = at_ then
    at_ := at_ + interval '1 microsecond';
  end if;
  select m.job_id, m.run_id into job_id, run_id from faultline._make_tick(s, at_, 'now', 0) m;
  perform faultline._record(job_id, null, 'fire_now', null, pg_catalog.jsonb_build_object('schedule', name, 'run_id', run_id));
end
$$;
comment on function faultline.fire_now(text) is 'Makes the job or the run of a schedule now, outside its calendar.';
grant execute on function faultline.fire_now(text) to faultline_operator;
