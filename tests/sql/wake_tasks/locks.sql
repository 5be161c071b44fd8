\ir ../../support/workflows.sql
-- The roots of runs in which something is due are locked, and no others; a run that somebody else has locked is passed over.
select * from no_plan();
select begun('{"t": {"wait": "10m"}}') as held \gset
select faultline.trigger_workflow('w') as free \gset
select faultline.trigger_workflow('w') as later \gset
update faultline.tasks set due_at = clock_timestamp() where run_id in (:held, :free);
select second_session() \g /dev/null
select public.dblink_exec('other', 'begin') \g /dev/null
select * from public.dblink('other', format('select run_id from faultline.runs where run_id = %s for no key update', :held)) as r (run_id bigint) \g /dev/null

begin;
select is(faultline.wake_tasks(), 1::bigint, 'one of the two');
select is(tasks(:held) || '; ' || tasks(:free), 't running; t succeeded', 'the one that nobody holds');
select is_empty(format('select 1 from public.dblink(''other'', ''select 1 from faultline.runs where run_id = %s for no key update skip locked'') as r (n int)', :free), 'its run is locked to the end');
select is((select count(*) from public.dblink('other', format('select 1 from faultline.runs where run_id = %s for no key update skip locked', :later)) as r (n int)), 1::bigint, 'one in which nothing is due is not');
rollback;
select public.dblink_exec('other', 'rollback') \g /dev/null
select is(faultline.wake_tasks(), 2::bigint, 'then both');

select * from finish();
