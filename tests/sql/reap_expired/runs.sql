\ir ../../support/workflows.sql
-- The jobs of runs: each goes with its run's lock, which a child shares with its root. Prepared transactions hold it.
select * from no_plan();
set lock_timeout = '1s';
select faultline.put_workflow('{"name": "child", "tasks": {"within": {"type": "t"}}}') \g /dev/null
select begun('{"child": {"workflow": "child"}, "beside": {"type": "t"}}', name => 'parent') as parent \gset
select begun('{"apart": {"type": "t"}}', name => 'apart') as apart \gset
select run_id as child from faultline.runs where root_run_id = :parent and run_id <> :parent \gset
select is(:parent, 1, 'among them is the very first run');
create function tap.due() returns void language sql as $$ update faultline.jobs_live set lease_expires_at = clock_timestamp() - interval '1 s' where state = 'running' $$;
create function tap.jobs() returns text language sql security definer as $$ select string_agg(concat_ws(' ', coalesce(task, payload ->> 'name'), state, failures), ', ' order by job_id) from faultline.jobs_live $$;

select task_claimed(:child, 'within'), task_claimed(:parent, 'beside'), task_claimed(:apart, 'apart'), running('alone') \g /dev/null
select due();
begin; select from faultline.runs where run_id = :parent for no key update; prepare transaction 'holder';
select is(run('select faultline.reap_expired()'), '2', 'the run that somebody holds is passed by');
select is(jobs(), 'beside running 0, within running 0, apart queued 1, alone queued 1', 'with its children');
rollback prepared 'holder';
begin; select from faultline.runs where run_id = :parent for key share; prepare transaction 'referrer';
begin; select from faultline.runs where run_id = :child for no key update; prepare transaction 'holder';
select is(run('select faultline.reap_expired()'), '2', 'a child''s own row is no lock, nor is a foreign key''s lock of the root');
select is(jobs(), 'beside queued 1, within queued 1, apart queued 1, alone queued 1', 'each is charged once');
rollback prepared 'holder';
rollback prepared 'referrer';
select is(run('select faultline.reap_expired()'), '0', 'and nothing is left');

-- A run none of whose jobs has expired is not locked: its rows bear no new mark of a locker.
create function tap.lockers() returns text language sql security definer as $$ select string_agg(xmax::text, ' ' order by run_id) from faultline.runs $$;
select task_claimed(:parent, 'beside'), task_claimed(:apart, 'apart'), claimed('alone') \g /dev/null
select lockers() as lockers \gset
select is(run('select faultline.reap_expired()'), '0', 'all are alive');
select is(lockers(), :'lockers', 'no run is locked');
select expired('alone');
select is(run('select faultline.reap_expired()'), '1', 'a job without a run');
select is(lockers(), :'lockers', 'nor does it lock one');
update faultline.jobs_live set lease_expires_at = clock_timestamp() - interval '1 s' where run_id = :parent and state = 'running';
select xmax::text as before from faultline.runs where run_id = :apart \gset
select is(run('select faultline.reap_expired()'), '1', 'a job of a run');
select isnt(lockers(), :'lockers', 'locks the run');
select is((select xmax::text from faultline.runs where run_id = :apart), :'before', 'and no other');
select * from finish();
