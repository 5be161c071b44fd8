\ir ../../support/workflows.sql

-- A second session looks at what is locked, so the runs have to be committed.
select begun('{"a": {"type": "t"}}') as one \gset
select faultline.trigger_workflow('w') as two \gset
select second_session() \g /dev/null

begin;
select * from no_plan();

select is((faultline._root_run(:one, 'cancelled')).run_id, :one::bigint, 'a run');
select is((select id from public.dblink('other', 'select run_id from faultline.runs for no key update skip locked') as x (id bigint)), :two::bigint, 'is locked, and no other');

select * from finish();
rollback;
