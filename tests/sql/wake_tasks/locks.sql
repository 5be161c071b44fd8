\ir ../../support/workflows.sql
-- The roots of runs in which something is due are locked, and no others. A run that somebody else has locked is passed over,
-- but not one to which somebody refers: who inserts a task locks its run for that.
select * from no_plan();
select begun('{"t": {"wait": "10m"}}') as held \gset
select faultline.trigger_workflow('w') as free \gset
select faultline.trigger_workflow('w') as later \gset
select faultline.trigger_workflow('w') as referred \gset
update faultline.tasks set due_at = clock_timestamp() where run_id in (:held, :free, :referred);
select second_session() \g /dev/null
select public.dblink_exec('other', 'begin') \g /dev/null
select * from public.dblink('other', format('select run_id from faultline.runs where run_id = %s for no key update', :held)) as r (run_id bigint) \g /dev/null
select * from public.dblink('other', format('select run_id from faultline.runs where run_id = %s for key share', :referred)) as r (run_id bigint) \g /dev/null

begin;
select is(faultline.wake_tasks(), 2::bigint, 'two of the three');
select is(tasks(:held) || '; ' || tasks(:free) || '; ' || tasks(:referred), 't running; t succeeded; t succeeded', 'those that nobody holds');
select is_empty(format('select 1 from public.dblink(''other'', ''select 1 from faultline.runs where run_id = %s for no key update skip locked'') as r (n int)', :free), 'its run is locked to the end');
select is((select count(*) from public.dblink('other', format('select 1 from faultline.runs where run_id = %s for no key update skip locked', :later)) as r (n int)), 1::bigint, 'one in which nothing is due is not');
rollback;
select public.dblink_exec('other', 'rollback') \g /dev/null
select is(faultline.wake_tasks(), 3::bigint, 'then all');

select * from finish();
