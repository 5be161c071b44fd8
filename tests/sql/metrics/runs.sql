\ir ../../support/workflows.sql
begin;
select * from no_plan();

create function tap.runs() returns text language sql as $$ select format('%s %s', labels, value) from faultline.metrics() where name = 'faultline_runs' and labels ->> 'state' = 'running' $$;
create function tap.failed_runs() returns float language sql as $$ select value from faultline.metrics() where name = 'faultline_runs' and labels ->> 'state' = 'failed' $$;
select is(runs(), '{"state": "running"} 0', 'no run');
select begun('{"a": {"type": "t"}}') as run, faultline.trigger_workflow('w') \gset
select is(runs(), '{"state": "running"} 2', 'runs that are running');
select task_ends(:run, 'a') \g /dev/null
select is(runs(), '{"state": "running"} 1', 'and no other');
set local session_replication_role = replica;
insert into faultline.runs (run_id, root_run_id, workflow, version, input, created_at) select -n, -n, 'w', 1, '{}', now() from generate_series(1, 10001) n;
select is(failed_runs(), 0::float, 'none of them has failed');
insert into faultline.runs (run_id, root_run_id, workflow, version, input, created_at, state, finished_at)
select -20000 - n, -20000 - n, 'w', 1, '{}', now(), case when n < 3 then 'failed' else 'succeeded' end, now() from generate_series(1, 4) n;
select is(failed_runs(), 2::float, 'two have, which somebody may resume');
insert into faultline.runs (run_id, root_run_id, workflow, version, input, created_at, state, finished_at)
select -30000 - n, -30000 - n, 'w', 1, '{}', now(), 'failed', now() from generate_series(1, 9999) n;
select is(failed_runs(), 10000::float, 'that count ends there too');
select is(runs(), '{"state": "running"} 10000', 'the count ends at ten thousand');

select * from finish();
rollback;
