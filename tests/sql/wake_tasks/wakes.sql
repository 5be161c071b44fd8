\ir ../../support/workflows.sql
begin;
select * from no_plan();

select begun('{"t": {"wait": "10m"}, "s": {"wait_for": "ok", "timeout": "20m"}, "e": {"wait_for": "never"}, "z": {"type": "t", "needs": "t"}}') as run \gset
select is(run('select faultline.wake_tasks()'), '0', 'nothing is due');
select ok((task(:run, 't')).due_at between clock_timestamp() + '9 min' and clock_timestamp() + '10 min', 'a timer ends when it says');
update faultline.tasks set due_at = clock_timestamp() - interval '1 s' where run_id = :run and due_at is not null;
select is(run('select faultline.wake_tasks(1)'), '1', 'at most so many');
select is(operate('select faultline.wake_tasks()'), '1', 'the rest');
select is(tasks(:run), 'e running, s failed, t succeeded, z queued', 'a timer has succeeded; a signal that never came is a failure');
select is((task(:run, 't')).result, null, 'of a timer nothing comes');
select is((task(:run, 's')).error, '{"type": "SignalTimeout", "message": "no signal ok came within 00:20:00"}', 'and says so');
select changes_nothing('faultline_runner', 'select faultline.wake_tasks()', '0', 'repeated, it changes nothing');
select is(operate(format('select faultline.cancel_run(%s)', :run)), 'cancelled', 'the rest is cancelled');
select refused('faultline_runner', format('select faultline.wake_tasks(%s)', n), 'FL004', format('max %s is out of bounds', n), 'It lies between 1 and 10000') from unnest(array[0, 10001]) n;
select is(run(format('select faultline.wake_tasks(%s)', n)), '0', 'max ' || n) from unnest(array['1', '10000', 'null']) n;
select refused(role, 'select faultline.wake_tasks()', '42501', 'permission denied for function wake_tasks') from unnest(array['faultline_producer', 'faultline_observer']) role;

select * from finish();
rollback;
