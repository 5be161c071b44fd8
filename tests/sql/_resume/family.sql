\ir ../../support/workflows.sql

begin;
select * from no_plan();

-- The dead letters of the whole family are discarded, and of no other; its root runs again, and what is to be done next is done.
select faultline.put_workflow('{"name": "child", "tasks": {"x": {"type": "t"}, "y": {"type": "t"}}}') \g /dev/null
select begun('{"c": {"workflow": "child"}, "a": {"type": "t"}}') as run \gset
select faultline.trigger_workflow('w') as other \gset
select task_ends(run_id, 'x', 'failed'), task_ends(run_id, 'y') from faultline.runs where workflow = 'child' \g /dev/null
select task_ends(run, 'a', 'failed') from unnest(array[:run, :other]::bigint[]) run \g /dev/null
create function tap.family(root bigint) returns text language sql volatile security definer as $$
select string_agg(r.workflow || ' ' || r.state || ' (' || tasks(r.run_id) || ')', ', ' order by r.run_id) || ', jobs: '
  || (select string_agg(j.task || ' ' || j.state, ', ' order by j.job_id) from faultline.jobs j join faultline.runs x on x.run_id = j.run_id where x.root_run_id = root)
from faultline.runs r where r.root_run_id = root
$$;
select family(:other) as before \gset
select faultline._resume(:run) \g /dev/null
select is(family(:run), 'w running (a queued, c running), child running (x queued, y succeeded), jobs: a discarded, x discarded, y succeeded, a queued, x queued', 'the family goes on');
select is(family(:other), :'before'::text, 'no other does');
select is(:'before'::text, 'w failed (a failed, c failed), child failed (x failed, y succeeded), jobs: a failed, x failed, y succeeded', 'which has its dead letters');

select * from finish();
rollback;
