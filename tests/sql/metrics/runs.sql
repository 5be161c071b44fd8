\ir ../../support/workflows.sql
begin;
select * from no_plan();

create function tap.runs() returns text language sql as $$ select format('%s %s', labels, value) from faultline.metrics() where name = 'faultline_runs' $$;
select is(runs(), '{"state": "running"} 0', 'no run');
select begun('{"a": {"type": "t"}}') as run, faultline.trigger_workflow('w') \gset
select is(runs(), '{"state": "running"} 2', 'runs that are running');
select task_ends(:run, 'a') \g /dev/null
select is(runs(), '{"state": "running"} 1', 'and no other');
set local session_replication_role = replica;
insert into faultline.runs (run_id, root_run_id, workflow, version, input, created_at) select -n, -n, 'w', 1, '{}', now() from generate_series(1, 10001) n;
select is(runs(), '{"state": "running"} 10000', 'the count ends at ten thousand');

select * from finish();
rollback;
