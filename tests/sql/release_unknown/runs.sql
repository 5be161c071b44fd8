\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- Jobs without a run go first, then those of runs, run by run as their roots are locked; the events tell the order.
select faultline.put_workflow('{"name": "child", "tasks": {"within": {"type": "t"}}}') \g /dev/null
select begun('{"child": {"workflow": "child", "needs": "first"}, "first": {"type": "t"}, "third": {"type": "t"}}', name => 'one') as one \gset
select begun('{"second": {"type": "t"}}', name => 'two') as two \gset
select task_ends(:one, 'first') \g /dev/null
select run_id as child from faultline.runs where root_run_id = :one and run_id <> :one \gset
select running('b'), task_claimed(:child, 'within'), task_claimed(:two, 'second'), task_claimed(:one, 'third'), running('c') \g /dev/null
update faultline.jobs_live set lease_expires_at = clock_timestamp() + interval '1 min' - job_id * interval '1 s';
select ok(task_job(:one, 'third') < task_job(:two, 'second') and task_job(:two, 'second') < task_job(:child, 'within') and task_job(:child, 'within') < id('b') and id('b') < id('c'),
          'neither by the ids of the jobs alone, nor as their leases end');
select is(run('select faultline.release_unknown(runner(1), ''{}'')'), '5', 'all are given back');
select is((select string_agg(coalesce(j.task, j.payload ->> 'name'), ' ' order by e.event_id) from faultline.job_events e join faultline.jobs_live j using (job_id) where e.verb = 'release'),
          'b c third within second', 'in the order of the locks');
select is((select string_agg(state, ' ') from faultline.jobs_live), 'queued queued queued queued queued', 'and wait for another runner');

select * from finish();
rollback;
