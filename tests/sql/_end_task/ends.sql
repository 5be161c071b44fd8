\ir ../../support/workflows.sql

begin;
select * from no_plan();

-- One task, or one item, of one run; and only while it is not over.
select begun('{"m": {"type": "t", "for_each": "input.l"}, "n": {"type": "t", "for_each": "input.l"}, "w": {"wait": "1h"}}', '{"l": [1, 2]}') as run \gset
select faultline.trigger_workflow('w', '{"l": [1, 2]}') as other \gset
select faultline._end_task(:run, 'm', 1, 'failed', null, '{"type": "E"}') \g /dev/null
select is(tasks(:run) || '; ' || tasks(:other), 'm running, m[0] queued, m[1] failed, n running, n[0] queued, n[1] queued, w running; m running, m[0] queued, m[1] queued, n running, n[0] queued, n[1] queued, w running', 'an item');
select is((t.error, t.result), ('{"type": "E"}'::jsonb, null::jsonb), 'with its error') from task(:run, 'm', 1) t;
select ok(t.finished_at between now() + interval '1 microsecond' and clock_timestamp(), 'when it was, not when the transaction began') from task(:run, 'm', 1) t;
select isnt((task(:run, 'w')).due_at, null, 'a timer');
select faultline._end_task(:run, 'w', -1, 'succeeded', '7', null) \g /dev/null
select is((t.state, t.result, t.error, t.due_at), ('succeeded'::text, '7'::jsonb, null::jsonb, null::timestamptz), 'is due no more') from task(:run, 'w') t;
select faultline._end_task(:run, 'w', -1, 'failed', null, '{}'), faultline._end_task(:run, 'm', 1, 'succeeded', '1', null) \g /dev/null
select is(((task(:run, 'w')).state, (task(:run, 'w')).result, (task(:run, 'm', 1)).state), ('succeeded'::text, '7'::jsonb, 'failed'::text), 'what is over stays as it is');
select is(tasks(:run), 'm running, m[0] queued, m[1] failed, n running, n[0] queued, n[1] queued, w succeeded', 'and nothing follows here');

select * from finish();
rollback;
