\ir ../../support/workflows.sql
-- What it locks, and how: what somebody else has committed, so in transactions of their own.
select * from no_plan();
create extension pgrowlocks schema public;
create function tap.locked() returns text language sql as $$
select string_agg(what || ' ' || array_to_string(modes, ' and '), ', ' order by what)
from (
  select 'job ' || j.job_id, l.modes from pgrowlocks('faultline.jobs_live') l join faultline.jobs_live j on j.ctid = l.locked_row
  union all
  select 'run ' || r.run_id, l.modes from pgrowlocks('faultline.runs') l join faultline.runs r on r.ctid = l.locked_row) x (what, modes)
$$;
select running('plain'), begun('{"a": {"type": "t"}}') as run, begun('{"a": {"type": "t"}}') as other \gset
select task_claimed(:run, 'a'), task_claimed(:other, 'a') \g /dev/null

begin;
select is(locked(), null, 'nothing is locked');
select (faultline._lock_attempt(id('plain'), 1)).attempt \g /dev/null
select is(locked(), format('job %s For No Key Update', id('plain')), 'the job, so that who only refers to it waits for nobody');
commit;

-- A task's run comes before its job: what completes that locks it.
begin;
select (faultline._lock_attempt(task_job(:run, 'a'), 1)).attempt \g /dev/null
select is(locked(), format('job %s For No Key Update, run %s For No Key Update', task_job(:run, 'a'), :run), 'a task''s job and its run alone');
commit;

-- A job without a run is nothing that wants READ COMMITTED.
begin isolation level repeatable read;
select is((faultline._lock_attempt(id('plain'), 1)).attempt, 1, 'in any isolation');
select refuses(format('select faultline._lock_attempt(%s, 1)', task_job(:run, 'a')), 'FL004', 'changing a run does not work in a transaction that is REPEATABLE READ', 'but that of a task');
commit;

select * from finish();
