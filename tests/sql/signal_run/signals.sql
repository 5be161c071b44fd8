\ir ../../support/workflows.sql
begin;
select * from no_plan();

select begun('{"a": {"type": "t"}, "s": {"wait_for": "ok", "needs": "a"}, "s2": {"wait_for": "ok", "needs": "a", "timeout": "1h"}, "z": {"type": "t", "needs": ["s", "s2"]}}') as run \gset
select task_ends(:run, 'a') \g /dev/null
select is(tasks(:run), 'a succeeded, s running, s2 running, z waiting', 'tasks wait for their signal');
select ok((task(:run, 's2')).due_at between clock_timestamp() + '59 min' and clock_timestamp() + '61 min' and (task(:run, 's')).due_at is null, 'no longer than they say');
select is(produce(format($$select faultline.signal_run(%s, 'ok', '{"by": "me"}')$$, :run)), 'signalled', 'signalled');
select is(tasks(:run), 'a succeeded, s succeeded, s2 succeeded, z queued', 'all that wait for it go on');
select is((task(:run, 's')).result, '{"by": "me"}', 'with its payload');
select changes_nothing(role, format($$select faultline.signal_run(%s, 'ok', '{"by": "me"}')$$, :run), 'signalled', 'repeated, it changes nothing: ' || role) from unnest(array['faultline_producer', 'faultline_runner', 'faultline_operator']) role;
select refused('faultline_producer', format($$select faultline.signal_run(%s, 'ok')$$, :run), 'FL002', format('run %s was given signal ok with another payload', :run), 'The first one stays.');
select task_ends(:run, 'z') \g /dev/null
select changes_nothing('faultline_producer', format($$select faultline.signal_run(%s, 'ok', '{"by": "me"}')$$, :run), 'signalled', 'after the end too');

-- A signal that comes early waits.
select begun('{"a": {"type": "t"}, "s": {"wait_for": "ok", "needs": "a"}}') as run \gset
select faultline.signal_run(:run, 'ok') \g /dev/null
select is(tasks(:run), 'a queued, s waiting', 'early');
select is(task_ends(:run, 'a') || ': ' || tasks(:run) || ': ' || run_is(:run), 'ok: a succeeded, s succeeded: succeeded', 'it is there');
select is((select verb || ' ' || detail::text from faultline.job_events where verb = 'signal_run' order by event_id desc limit 1), format('signal_run {"run_id": %s, "signal": "ok"}', :run), 'it is recorded');

select begun('{"s": {"wait_for": "ok"}}') as run \gset
select refused('faultline_producer', format($$select faultline.signal_run(%s, 'other')$$, :run), 'FL005', 'no task of workflow w waits for a signal other', 'They wait for ok');
select refused('faultline_producer', 'select faultline.signal_run(424242, ''ok'')', 'FL005', 'there is no run 424242');
select faultline.cancel_run(:run) \g /dev/null
select refused('faultline_producer', format($$select faultline.signal_run(%s, 'ok')$$, :run), 'FL003', format('run %s has ended: it is cancelled', :run), 'A signal is for a run that is running.');
select begun('{"a": {"type": "t"}}') as run \gset
select refused('faultline_producer', format($$select faultline.signal_run(%s, 'ok')$$, :run), 'FL005', 'no task of workflow w waits for a signal ok', 'None of its tasks waits for a signal.');
select refused('faultline_observer', 'select faultline.signal_run(1, ''ok'')', '42501', 'permission denied for function signal_run');
select healthy('healthy');

select * from finish();
rollback;
