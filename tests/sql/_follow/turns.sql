\ir ../../support/workflows.sql

begin;
select * from no_plan();

-- A run that has just begun gets the tasks of its version, and of its workflow; each of the turns is taken, and what follows of it too.
select faultline.put_workflow('{"name": "v", "tasks": {"a": {"type": "t"}, "p": {"type": "t"}}}'), faultline.put_workflow('{"name": "w", "tasks": {"a": {"type": "t"}, "q": {"type": "t"}}}'),
  faultline.put_workflow('{"name": "w", "tasks": {"a": {"type": "t"}, "b": {"type": "t", "needs": "a"}}}'), faultline.put_workflow('{"name": "v", "tasks": {"a": {"type": "t"}, "p": {"type": "t"}, "s": {"type": "t"}}}') \g /dev/null
select begun('{"a": {"type": "t"}}', '{}', 'u') as other \gset
create function tap.new_run() returns bigint language sql volatile security definer as $$
insert into faultline.runs (run_id, root_run_id, workflow, version, input, created_at)
select id, id, 'w', 2, '{}', now() from nextval('faultline.runs_run_id_seq') id
returning run_id
$$;
select new_run() as one \gset
select new_run() as two \gset
select new_run() as three \gset
select faultline._follow(array[:one, :two]) \g /dev/null
select is(string_agg(run_id || ': ' || coalesce(tasks(run_id), 'none'), '; ' order by run_id), format('%s: a queued, b waiting; %s: a queued, b waiting; %s: none', :one, :two, :three), 'both get theirs, and nobody else')
from faultline.runs where workflow = 'w';
select is(array_agg(t.ordinal order by t.name), '{1,2}', 'in their order') from faultline.tasks t where t.run_id = :one;
select is(tasks(:other), 'a queued', 'another run stays as it is');
select faultline._follow(array[:one]) \g /dev/null
select is(tasks(:one), 'a queued, b waiting', 'one that has tasks goes on with them');
select faultline._follow('{}') \g /dev/null
select is(tasks(:three), null, 'no turn, nothing');

-- Children that end as soon as they begin, in families: the turns that follow are taken after those that came before.
select faultline.put_workflow('{"name": "idle", "tasks": {"x": {"type": "t", "if": "$.input.x == 1"}}}'), faultline.put_workflow('{"name": "middle", "tasks": {"i": {"workflow": "idle"}, "j": {"workflow": "idle", "needs": "i"}}}') \g /dev/null
select begun('{"l": {"workflow": "middle"}, "m": {"workflow": "idle", "for_each": "input.l"}, "z": {"type": "t", "needs": ["l", "m"]}}', '{"l": [1, 2, 3]}', 'top') as run \gset
select is(tasks(:run), 'l succeeded, m succeeded, m[0] succeeded, m[1] succeeded, m[2] succeeded, z queued', 'all the way up');
select is(string_agg(workflow || ' ' || state, ', ' order by run_id), 'top running, middle succeeded, idle succeeded, idle succeeded, idle succeeded, idle succeeded, idle succeeded', 'in all of its runs') from faultline.runs where root_run_id = :run;

select * from finish();
rollback;
