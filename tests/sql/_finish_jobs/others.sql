\ir ../../support/workflows.sql

begin;
select * from no_plan();

-- Jobs of other runs, and jobs that are no tasks, in whatever state, stay; a transaction without a job of these too.
select begun('{"f": {"type": "t"}, "q": {"type": "t"}}') as run \gset
select faultline.trigger_workflow('w') as other \gset
select task_ends(run, 'f', 'failed') from unnest(array[:run, :other]::bigint[]) run \g /dev/null
select failed('dead'), queued('plain'), faultline.submit_transaction('tx', 't', '{"name": "tx"}'), faultline.submit_transaction('tx of the run', 't', '{"name": "tx of the run"}') \g /dev/null
update faultline.jobs_live set run_id = :run, task = 'tx' where job_id = id('tx of the run');
create function tap.jobs_are() returns text language sql volatile security definer
as $$ select string_agg(coalesce(j.task || ' of ' || j.run_id, j.payload ->> 'name') || ' ' || j.state, ', ' order by j.job_id) from faultline.jobs j $$;
select faultline._finish_jobs(array[:run], 'discarded');
select is(jobs_are(), format('f of %s discarded, q of %1$s queued, f of %s failed, q of %2$s queued, dead failed, plain queued, tx queued, tx of %1$s queued', :run, :other), 'dead letters of the run');
select faultline._finish_jobs(array[:run], 'cancelled');
select is(jobs_are(), format('f of %s discarded, q of %1$s cancelled, f of %s failed, q of %2$s queued, dead failed, plain queued, tx queued, tx of %1$s cancelled', :run, :other), 'what is alive of it');
select is(string_agg(concat_ws(' ', transaction_id, job_state), ', ' order by transaction_id), 'tx, tx of the run cancelled', 'and its transaction knows, and no other') from faultline.transactions;

select * from finish();
rollback;
