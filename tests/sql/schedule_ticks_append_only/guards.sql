\ir ../../support/schedules.sql
select * from no_plan();

select put('s'), since('s', date_trunc('minute', now()) - interval '1 hour'), faultline.fire_schedule('s', date_trunc('minute', now()) - interval '5 min', 1) \g /dev/null
select faultline._utc(tick_at) as tick from faultline.schedule_ticks \gset
select throws_ok(statement, 'FL003', message, role || ': ' || statement)
from unnest(array['postgres', 'faultline_owner']) role,
  (values ('update faultline.schedule_ticks set job_id = 5', 'a row of schedule_ticks is never changed'), ('delete from faultline.schedule_ticks', format('tick %s of schedule s is not forgotten yet', :'tick')), ('truncate faultline.schedule_ticks', 'a row of schedule_ticks is never removed'),
    ('delete from faultline.schedules', 'schedule s can not be removed'), ('truncate faultline.schedules cascade', 'a row of schedules is never removed'), ('update faultline.schedules set version = 0', 'schedule s can not be set back'),
    ('update faultline.schedules set schedule = ''t''', 'schedule s can not be set back'), ('update faultline.schedules set forgotten_missed = -1', 'schedule s can not be set back')) v (statement, message)
where set_config('role', role, false) is not null;
reset role;
update faultline.schedules set forgotten_until = :'tick'::timestamptz - interval '1 us', forgotten_missed = 3;
select throws_ok('delete from faultline.schedule_ticks', 'FL003', null, 'what is not forgotten yet stays');
select throws_ok(statement, 'FL003', 'schedule s can not be set back', statement) from unnest(array['update faultline.schedules set forgotten_until = null', 'update faultline.schedules set forgotten_until = forgotten_until - interval ''1 us''', 'update faultline.schedules set forgotten_missed = 2']) statement;
update faultline.schedules set forgotten_until = :'tick';
select lives_ok('delete from faultline.schedule_ticks', 'what is forgotten may go');
select refused('faultline_operator', format('select faultline.fire_schedule(''s'', %L, 1, true)', :'tick'), 'FL003', format('tick %s of schedule s may have happened: retention has removed the ticks up to %s', :'tick', :'tick'), 'Make its job with enqueue, or its run with trigger_workflow, if you know better.');

select * from finish();
