\ir ../../support/workflows.sql
-- Who comes with the same key while the first has not committed waits, and gets its run; or begins one, if it is rolled back.
select * from no_plan();
select second_session() \g /dev/null

select faultline.put_workflow('{"name": "w", "tasks": {"a": {"type": "t"}}}') \g /dev/null
begin;
select faultline.trigger_workflow('w', '{}', 'k') as run \gset
select other_waits('select faultline.trigger_workflow(''w'', ''{}'', ''k'')') \g /dev/null
commit;
select is(run, :'run'::bigint, 'the run of the first') from public.dblink_get_result('other') as r (run bigint);
select is_empty('select run from public.dblink_get_result(''other'') as r (run bigint)', 'and nothing else');
begin;
select faultline.trigger_workflow('w', '{}', 'l') as run \gset
select other_waits('select faultline.trigger_workflow(''w'', ''{}'', ''l'')') \g /dev/null
rollback;
select run as other from public.dblink_get_result('other') as r (run bigint) \gset
select isnt(:'other'::bigint, :'run'::bigint, 'a run of its own');
select is(string_agg(format('%s %s', run_id, idempotency_key), ', ' order by run_id), format('%s k, %s l', min(run_id), :'other'), 'two keys, two runs') from faultline.runs;

select * from finish();
