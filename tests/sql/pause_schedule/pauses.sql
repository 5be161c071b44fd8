\ir ../../support/schedules.sql
begin;
select * from no_plan();

select put('s'), put('deleted'), faultline.delete_schedule('deleted') \g /dev/null
select is(operate('select faultline.pause_schedule(''s'', ''broken'')'), '', 'paused');
select ok((s.paused_at, s.paused_note, s.version) = (s.paused_at, 'broken', 1) and s.paused_at > now() - interval '1 min', 'when and why') from schedule('s') s;
select changes_nothing('faultline_operator', statement, '', 'repeated: ' || statement) from unnest(array['select faultline.pause_schedule(''s'', ''broken'')', 'select faultline.pause_schedule(''s'')']) statement;
select (schedule('s')).paused_at as first \gset
select operate('select faultline.pause_schedule(''s'', ''still'')') \g /dev/null
select is((s.paused_at, s.paused_note), (:'first'::timestamptz, 'still'::text), 'another note, the first time') from schedule('s') s;
select results_eq('select e from event_lines(''all'') e where e like ''pause%''', $$values ('pause_schedule {"note": "broken", "schedule": "s"}'), ('pause_schedule {"note": "still", "schedule": "s"}')$$, 'on record');
select put('plain') \g /dev/null
select is(operate('select faultline.pause_schedule(''plain'')') || coalesce((schedule('plain')).paused_note, ' without a note'), ' without a note', 'a note is not needed');
select is(operate(format('select faultline.pause_schedule(''plain'', %L)', repeat('n', 1000))), '', 'the longest note');

select refused('faultline_operator', format('select faultline.pause_schedule(''s'', %L)', repeat('n', 1001)), 'FL004', 'the note has 1001 characters', 'At most 1000');
select refused('faultline_operator', format('select faultline.pause_schedule(%L)', name), 'FL005', 'there is no schedule ' || coalesce(name, 'NULL'), 'put_schedule comes first.') from unnest(array['none', 'deleted', null]) name;
select refused('faultline_runner', 'select faultline.pause_schedule(''s'')', '42501', 'permission denied for function pause_schedule');

select * from finish();
rollback;
