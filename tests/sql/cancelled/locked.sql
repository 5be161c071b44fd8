\ir ../../support/workflows.sql
-- A task's run is locked before its job; no other run is. Prepared transactions are who holds what it waits for. What
-- a row's xmax says is who locked it last, even if that was in vain.
select * from no_plan();
set lock_timeout = '10ms';
select begun('{"t": {"type": "t"}}', name => 'one') as one \gset
select begun('{"t": {"type": "t"}}', name => 'two') as two \gset
select is(:one, 1, 'the very first run');
select task_claimed(:one, 't'), task_claimed(:two, 't'), running('alone'), running('asked') \g /dev/null
select task_job(:one, 't') as job \gset
select faultline.cancel_job(:job), faultline.cancel_job(id('alone')) \g /dev/null
create function tap.locker(job bigint) returns text language sql as $$ select xmax::text from faultline.jobs_live where job_id = job $$;

select locker(:job) as locker \gset
begin; select from faultline.runs where run_id = :one for no key update; prepare transaction 'holder';
select throws_ok(format('select faultline.cancelled(%s, 1)', :job), '55P03', null, 'the run that somebody holds is waited for');
select is(locker(:job), :'locker', 'and the job is not locked before it');
rollback prepared 'holder';
select xmax::text as locker from faultline.runs where run_id = :two \gset
select is(faultline.cancelled(:job, 1), 'ok', 'the task is cancelled');
select is((select xmax::text from faultline.runs where run_id = :two), :'locker', 'no other run is locked');

begin; select faultline.cancel_job(id('asked')) \g /dev/null
prepare transaction 'canceller';
select throws_ok(format('select faultline.cancelled(%s, 1)', id('asked')), '55P03', null, 'whoever asks at this moment is waited for');
commit prepared 'canceller';
select is(faultline.cancelled(id('asked'), 1), 'ok', 'and was asking');

-- Only runs want READ COMMITTED.
begin isolation level repeatable read;
select is(faultline.cancelled(id('alone'), 1), 'ok', 'a job without a run is cancelled whatever the isolation');
commit;
select faultline.cancel_job(task_job(:two, 't')) \g /dev/null
begin isolation level repeatable read;
select throws_ok(format('select faultline.cancelled(%s, 1)', task_job(:two, 't')), 'FL004', null, 'a task is not');
commit;
select * from finish();
