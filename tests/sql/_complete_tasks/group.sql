\ir ../../support/workflows.sql

begin;
select * from no_plan();
-- The first of all runs is as good as any.
alter sequence faultline.runs_run_id_seq restart;

-- Those of a group that are tasks, of whatever runs, in the order of their ids; the others are left to who called it.
select begun('{"a": {"type": "t"}, "m": {"type": "t", "for_each": "input.l"}, "s": {"type": "t"}, "q": {"type": "t"}}', '{"l": [1, 2]}') as run \gset
select begun('{"a": {"type": "t"}}', '{}', 'v') as other \gset
select begun('{"a": {"type": "t"}}', '{}', 'u') as third \gset
select is(:run::bigint, 1::bigint, 'the first run');
select running('plain'), task_claimed(:run, task), task_claimed(:other, 'a'), task_claimed(:third, 'a') from unnest('{a,m[0],m[1],s}'::text[]) task limit 1 \g /dev/null
select task_claimed(:run, task) from unnest('{m[0],m[1],s}'::text[]) task \g /dev/null
select task_job(:run, 'a') as a, task_job(:run, 'm[0]') as m0, task_job(:run, 'm[1]') as m1, task_job(:run, 's') as s, task_job(:run, 'q') as q,
  task_job(:other, 'a') as o, task_job(:third, 'a') as t, id('plain') as p \gset
select is(c, row(array[:a, :m0, :m1, :o]::bigint[], '{1,1,1,1}'::int[]), 'the fences that it accepts')
from faultline._complete_tasks(array[:o, :m1, :p, :a, :m0, :s, :q], '{1,1,1,1,1,2,0}', '{"1", "2", "3", "4", "5", "6", "7"}') c;
select is(tasks(:run) || '; ' || tasks(:other) || '; ' || tasks(:third), 'a succeeded, m succeeded, m[0] succeeded, m[1] succeeded, q queued, s queued; a succeeded; a queued', 'with all that follows in each run');
select is(((task(:run, 'a')).result, (task(:run, 'm')).result, (task(:other, 'a')).result), ('4'::jsonb, '[5, 2]'::jsonb, '1'::jsonb), 'each with its own result');
select is((live('plain')).state || ', ' || (job(:s)).state || ', ' || (job(:q)).state || ', ' || (job(:t)).state, 'running, running, queued, running', 'no job without a run, of another attempt, that nobody claimed, or that is not in the group');
select ok(d.finished_at between now() + interval '1 microsecond' and clock_timestamp(), 'finished now, by the clock') from faultline.jobs_done d where d.job_id = :a;
select is((d.state, d.from_state, d.run_id, d.task, d.attempt, d.result, d.lease_owner), ('succeeded'::text, 'running'::text, :run::bigint, 'm[1]'::text, 1, '2'::jsonb, runner(1)), 'all that it is moves')
from faultline.jobs_done d where d.job_id = :m1;
select is(c, row(null::bigint[], null::int[]), 'none of the group') from faultline._complete_tasks(array[:p], '{1}', '{null}') c;
select is(c, row(null::bigint[], null::int[]), 'repeated, none is there') from faultline._complete_tasks(array[:a, :o], '{1,1}', '{"4", "1"}') c;
select is((live('plain')).state, 'running', 'a job without a run stays');

-- What follows is done run by run, in their order.
select begun('{"a": {"type": "t"}, "b": {"type": "t", "needs": "a"}}', '{}', 'x') as first \gset
select faultline.trigger_workflow('x') from generate_series(1, 5) \g /dev/null
select task_claimed(r.run_id, 'a') from faultline.runs r where r.workflow = 'x' \g /dev/null
select c.done_ids from (select array_agg(task_job(r.run_id, 'a') order by r.run_id desc) as ids from faultline.runs r where r.workflow = 'x') j, faultline._complete_tasks(j.ids, '{1,1,1,1,1,1}', '{1,2,3,4,5,6}') c \g /dev/null
select is(array_agg(j.run_id - :first order by j.job_id), '{0,1,2,3,4,5}', 'the jobs that it releases') from faultline.jobs_live j join faultline.runs r using (run_id) where r.workflow = 'x';

-- In a group of tasks with a transaction and without, each is told.
select task_claimed(:run, 'q') \g /dev/null
select (created) from faultline.apply_ledger(:q, 1, 'tx q', '{"done": true}') \g /dev/null
select is(c.done_ids, (select array_agg(j order by j) from unnest(array[:s, :q]::bigint[]) j), 'both end') from faultline._complete_tasks(array[:q, :s], '{1,1}', '{null,null}') c;
select is((select job_state from faultline.transactions where transaction_id = 'tx q'), 'succeeded', 'the transaction of one of them knows');
select is(run_is(:run), 'succeeded', 'the run is over');

select * from finish();
rollback;
