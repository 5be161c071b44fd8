\ir ../../support/schedules.sql
begin;
select * from no_plan();

-- What fire_schedule, fire_schedules and fire_now have in common.
select put('s', '{"jitter": "1 day", "overlap": "skip"}') \g /dev/null
select m.job_id as calendar from faultline._make_tick(schedule('s'), now() - interval '1 s', 'calendar', 3) m \gset
select is((t.missed, t.version, t.job_id), (3, 1, :calendar::bigint), 'the tick') from tick('s', now() - interval '1 s') t;
select is((m.outcome, m.job_id, m.run_id, m.detail is not null), ('skipped'::text, null::bigint, null::bigint, true), 'of the calendar none may overlap') from faultline._make_tick(schedule('s'), now() - interval '2 s', 'calendar', 0) m;
select is(m.outcome, 'made', kind || ': that is for the calendar') from (values (3, 'backfill'), (4, 'now')) v (n, kind), faultline._make_tick(schedule('s'), now() - n * interval '1 s', kind, 0) m;
select is(run_at <= clock_timestamp(), true, 'by hand there is no jitter') from faultline.jobs where job_id = (tick('s', now() - interval '4 s')).job_id;
select throws_ok($$select faultline._make_tick(schedule('s'), now() - interval '1 s', 'backfill', 0)$$, '23505', null, 'whatever else may fail, a tick has one row');

select * from finish();
rollback;
