\ir ../../support/schedules.sql
begin;
select * from no_plan();

select put('s'), since('s', date_trunc('minute', now()) - interval '10 min'), faultline.fire_schedule('s', date_trunc('minute', now()), 1), faultline.pause_schedule('s') \g /dev/null
select is(operate('select faultline.delete_schedule(''s'')'), 'true', 'deleted');
select is((s.deleted_at is not null, s.paused_at), (true, null::timestamptz), 'what is left') from schedule('s') s;
select is(count(*), 1::bigint, 'what it has made stays') from faultline.jobs;
select is(count(*), 1::bigint, 'its ticks too') from faultline.schedule_tick_log;
select is_empty('select from faultline.schedule_list', 'people see it no more');
select changes_nothing('faultline_operator', format('select faultline.delete_schedule(%L)', name), 'false', coalesce(name, 'NULL')) from unnest(array['s', 'none', null]) name;
select is(count(*), 1::bigint, 'on record, once') from event_lines('all') e where e = 'delete_schedule {"schedule": "s"}';
select put('s') \g /dev/null
select since('s', date_trunc('minute', now()) - interval '10 min') \g /dev/null
select is(run(format('select created from faultline.fire_schedule(''s'', %L, 2)', date_trunc('minute', now()))), 'false', 'put again: a tick that has happened under its name does not happen twice');
select refused('faultline_runner', 'select faultline.delete_schedule(''s'')', '42501', 'permission denied for function delete_schedule');

select * from finish();
rollback;
