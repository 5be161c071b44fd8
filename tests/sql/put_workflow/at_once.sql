\ir ../../support/workflows.sql
-- Who puts a workflow while another has not committed waits, and puts the next version.
select * from no_plan();
select second_session() \g /dev/null

begin;
select is(faultline.put_workflow('{"name": "w", "tasks": {"a": {"type": "t"}}}'), 1, 'the first version');
select other_waits($$select faultline.put_workflow('{"name": "w", "tasks": {"b": {"type": "t"}}}')$$) \g /dev/null
commit;
select is(version, 2, 'the second one') from public.dblink_get_result('other') as r (version int);

select * from finish();
