\ir ../../support/workflows.sql

begin;
select * from no_plan();

select faultline.put_workflow('{"name": "leaf", "tasks": {"x": {"type": "t"}}}'), faultline.put_workflow('{"name": "branch", "tasks": {"l": {"workflow": "leaf"}}}') \g /dev/null
select begun('{"a": {"type": "t"}}', '{}', 'u') as other \gset
select begun('{"b": {"workflow": "branch"}}') as run \gset
select is((r.run_id, r.workflow), (:run::bigint, 'w'::text), 'the run itself') from faultline._root_run(:run, 'cancelled') r;
select is((r.run_id, r.workflow), (:other::bigint, 'u'::text), 'and no other') from faultline._root_run(:other, 'cancelled') r;
select refused('none', format('select faultline._root_run(%s, ''painted'')', r.run_id), 'FL003',
  format('run %s is task l of run %s and can not be painted alone', r.run_id, r.parent_run_id), format('Run %s is the root.', :run))
from faultline.runs r where r.root_run_id = :run and r.workflow = 'leaf';
select refuses('select faultline._root_run(424242, ''cancelled'')', 'FL005', 'there is no run 424242', 'no such run');
select refuses('select faultline._root_run(null, ''cancelled'')', 'FL005', 'there is no run NULL', 'no run');

select * from finish();
rollback;
