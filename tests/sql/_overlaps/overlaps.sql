\ir ../../support/schedules.sql
begin;
select * from no_plan();

select put('s'), since('s', date_trunc('minute', now()) - interval '2 hours'), begun('{"a": {"type": "t"}}', '{}', 'flow'), put('w', '{"type": null, "workflow": "flow"}'), since('w', date_trunc('minute', now()) - interval '2 hours') \g /dev/null
select is(faultline._overlaps('s'), null, 'nothing at first');
create function tap.job_is(state text) returns text language plpgsql as $$
begin
  update faultline.jobs_live l set state = job_is.state, attempt = 1, lease_owner = case when job_is.state = 'running' then tap.runner(1) end, lease_expires_at = case when job_is.state = 'running' then now() end,
    finished_at = case when job_is.state = 'failed' then now() end;
  return coalesce(regexp_replace(faultline._overlaps('s'), '\d+', 'N', 'g'), 'free');
end
$$;
select job_id from faultline.fire_schedule('s', date_trunc('minute', now()) - interval '110 min', 1) \gset
set session_replication_role = replica;
select is(job_is(state), told, state) from (values ('queued', 'job N of tick N-N-NTN:N:NZ is not over'), ('running', 'job N of tick N-N-NTN:N:NZ is not over'), ('failed', 'free')) v (state, told);
select is(job_is('queued'), 'job N of tick N-N-NTN:N:NZ is not over', 'retried');
set session_replication_role = origin;
-- Of those that were made the last hundred count, however many were skipped since.
insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, version, fired_at) select 's', date_trunc('minute', now()) - n * interval '1 min', 'calendar', 'skipped', 1, now() from generate_series(1, 109) n;
insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, job_id, version, fired_at) select 's', now() - n * interval '1 us', 'now', 'made', 1000000 + n, 1, now() from generate_series(1, 99) n;
select isnt(faultline._overlaps('s'), null, 'the hundredth');
insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, job_id, version, fired_at) select 's', now() - interval '100 us', 'now', 'made', 1000100, 1, now();
select is(faultline._overlaps('s'), null, 'not the one before');
select run_id from faultline.fire_schedule('w', date_trunc('minute', now()) - interval '110 min', 1) \gset
select is(faultline._overlaps('w'), format('run %s of tick %s is not over', :run_id, faultline._utc(date_trunc('minute', now()) - interval '110 min')), 'a run');
select faultline.cancel_run(:run_id) \g /dev/null
select is(faultline._overlaps('w'), null, 'that has ended');

select * from finish();
rollback;
