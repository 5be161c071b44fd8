\ir ../../support/schedules.sql
begin;
select * from no_plan();

select put('s', '{"missed": "all"}'), put('going'), since('s', date_trunc('minute', now()) - interval '10 min'), faultline.pause_schedule('s', 'n') \g /dev/null
select operate('select faultline.resume_schedule(''s'')') \g /dev/null
select is((s.paused_at, s.paused_note, s.version), (null::timestamptz, null::text, 1), 'resumed') from schedule('s') s;
select is((schedule('s')).ticks_after between now() and clock_timestamp(), true, 'from now on: what fell into the pause does not happen');
select refused('faultline_runner', format('select faultline.fire_schedule(''s'', %L, 1)', date_trunc('minute', now()) - interval '5 min'), 'FL003',
  format('tick %s of schedule s is not later than its last, %s', faultline._utc(date_trunc('minute', now()) - interval '5 min'), faultline._utc((schedule('s')).ticks_after)), 'backfill => true makes a tick of the past.');
select changes_nothing('faultline_operator', format('select faultline.resume_schedule(%L)', name), '', name || ' is not paused') from unnest(array['s', 'going']) name;
select is(count(*), 1::bigint, 'on record, once') from event_lines('all') e where e = 'resume_schedule {"schedule": "s"}';
select refused('faultline_operator', 'select faultline.resume_schedule(''none'')', 'FL005', 'there is no schedule none', 'put_schedule comes first.');
select refused('faultline_runner', 'select faultline.resume_schedule(''s'')', '42501', 'permission denied for function resume_schedule');

select * from finish();
rollback;
