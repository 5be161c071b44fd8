\ir ../../support/schedules.sql
select * from no_plan();

-- Each check, planted and seen.
select put('s'), since('s', date_trunc('minute', now()) - interval '1 hour'), begun('{"a": {"type": "t"}}', '{}', 'flow'), put('w', '{"type": null, "workflow": "flow"}'), since('w', date_trunc('minute', now()) - interval '1 hour') \g /dev/null
select date_trunc('minute', now()) - interval '5 min' as base, faultline._utc(date_trunc('minute', now()) - interval '5 min') as tick \gset
select job_id as job from faultline.fire_schedule('s', :'base', 1) \gset
select run_id as run from faultline.fire_schedule('w', :'base', 1) \gset
select healthy('healthy before');
create function tap.seen(change text, rows text[], description text) returns setof text language plpgsql as $$
begin
  begin
    set local session_replication_role = replica;
    execute change;
    set local session_replication_role = origin;
    return next verify_says(rows, description);
    raise exception using errcode = 'ZZ000';
  exception when sqlstate 'ZZ000' then
    null;
  end;
end
$$;
select seen(format('delete from faultline.jobs_live where job_id = %s', :job), array[format('11 tick_without_job: tick %s of schedule s: its job %s is neither live nor finished, and too young for retention', :'tick', :job)], 'a tick whose job is gone');
select seen(format('delete from faultline.jobs_live where job_id = %s; update faultline.schedule_ticks set fired_at = now() - interval ''31 days'', tick_at = now() - interval ''40 days''', :job), '{}', 'which may be after retention');
select seen(format('delete from faultline.tasks where run_id = %1$s; delete from faultline.jobs_live where run_id = %1$s; delete from faultline.runs where run_id = %1$s', :run), array[format('11 tick_without_run: tick %s of schedule w: its run %s is gone, and too young for retention', :'tick', :run)], 'a tick whose run is gone');
select seen('delete from faultline.schedule_ticks where schedule = ''s''', array[format('11 job_without_tick: job %s: it was made for tick %s of schedule s, which has no such job', :job, :'tick')], 'a job whose tick is gone');
select seen('delete from faultline.schedule_ticks where schedule = ''s''; update faultline.schedules set forgotten_until = now()', '{}', 'unless its schedule has forgotten it');
select seen(format('update faultline.schedule_ticks set job_id = 77777 where job_id = %s', :job), array[format('11 job_without_tick: job %s: it was made for tick %s of schedule s, which has job 77777', :job, :'tick'), format('11 tick_without_job: tick %s of schedule s: its job 77777 is neither live nor finished, and too young for retention', :'tick')], 'two jobs of one tick');
select seen(format('update faultline.jobs_live set headers = jsonb_set(headers, ''{faultline.tick,schedule}'', ''"none"'') where job_id = %s', :job), array[format('11 job_without_tick: job %s: it was made for tick %s of schedule none, which has no such job', :job, :'tick')], 'a job of a schedule that never was');
select seen('delete from faultline.schedule_ticks where schedule = ''w''', array[format('11 run_without_tick: run %s: it was made by faultline.tick:w:%s, and no tick has it', :run, :'tick')], 'a run whose tick is gone');
select seen('update faultline.schedule_ticks set tick_at = tick_at + interval ''10 years'', fired_at = fired_at + interval ''10 years'' where schedule = ''w''', array[format('11 tick_in_future: tick %s of schedule w: it has happened, and is more than a minute from now: the clock was set back', faultline._utc(:'base'::timestamptz + interval '10 years'))], 'a tick of the future');
select seen('update faultline.schedule_ticks set tick_at = clock_timestamp() + interval ''50 s'', fired_at = clock_timestamp() + interval ''50 s'' where schedule = ''w''', '{}', 'a minute is no future');
-- Headers that somebody copied or made up harm nobody.
select faultline.enqueue('child', headers => (job(:job)).headers), faultline.enqueue('child', headers => h) from unnest(array['{"faultline.tick": 5}', '{"faultline.tick": {"job_id": 1}}', '{"faultline.tick": {"job_id": "x", "tick_at": "never", "schedule": 7}}']::jsonb[]) h \g /dev/null
select healthy('copied headers');
select faultline.cancel_job(:job), faultline.cancel_run(:run) \g /dev/null
select healthy('finished');
select seen('delete from faultline.schedule_ticks where schedule = ''s''', array[format('11 job_without_tick: job %s: it was made for tick %s of schedule s, which has no such job', :job, :'tick')], 'a finished job, too');
select healthy('healthy after');

select * from finish();
