\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Why a fence did not match: the very report was accepted before (repeat, which wins), something overtook it (stale), or
-- there is no such job (unknown). For every verb, and every way a job can go on.
select running(n) from unnest(array['complete', 'fail', 'release', 'snooze', 'cancelled', 'cancelled by fail', 'reaped']) n;
select faultline.cancel_job(id('cancelled')), faultline.cancel_job(id('cancelled by fail')), expired('reaped');
select faultline.complete_job(id('complete'), 1), faultline.fail_job(id('fail'), 1, '{}'), faultline.release_job(id('release'), 1), faultline.snooze_job(id('snooze'), 1, '1 s'),
       faultline.cancelled(id('cancelled'), 1), faultline.fail_job(id('cancelled by fail'), 1, '{}'), faultline.reap_expired();
select is(faultline._refused(id(job), attempt, verb), case when attempt = 1 and verb = accepted then 'repeat' else 'stale' end,
          format('%s of attempt %s, after %s', verb, attempt, job))
from (values ('complete', 'complete'), ('fail', 'fail'), ('release', 'release'), ('snooze', 'snooze'), ('cancelled', 'cancelled'), ('cancelled by fail', 'fail'), ('reaped', null)) j (job, accepted),
  unnest(array['complete', 'fail', 'release', 'snooze', 'cancelled']) verb, generate_series(0, 2) attempt;
select claimed(n, 2) from unnest(array['fail', 'release', 'snooze']) n;
select is(faultline._refused(id(n), 1, n), 'repeat', n || ' is a repeat after the next claim too') from unnest(array['fail', 'release', 'snooze']) n;
select faultline.complete_job(id(n), 2) from unnest(array['fail', 'release', 'snooze']) n;
select is(faultline._refused(id(n), 1, n), 'repeat', n || ' is a repeat after the job''s success too') from unnest(array['fail', 'release', 'snooze']) n;
select is(faultline._refused(id('fail'), 1, 'complete'), 'stale', 'the success of attempt 2 is not one of attempt 1');
select is(faultline._refused(id('fail'), 2, 'complete'), 'repeat', 'but of attempt 2');
select is(faultline._refused(123456789, 1, verb), 'unknown', verb || ' of no job') from unnest(array['complete', 'fail']) verb;


-- apply: the entry is what was accepted, whatever became of the job; completing after that is another report.
select running('applied');
select created from faultline.apply_ledger(id('applied'), 1, 'x', '{}');
select is(faultline._refused(id('applied'), n, 'apply'), case n when 1 then 'repeat' else 'stale' end, 'apply of attempt ' || n) from generate_series(0, 2) n;
select is(faultline._refused(id('applied'), 1, 'complete'), 'stale', 'which has not completed the job');
select faultline.release_job(id('applied'), 1), claimed('applied', 2), faultline.complete_job(id('applied'), 2);
select is(faultline._refused(id('applied'), n, 'apply'), case n when 1 then 'repeat' else 'stale' end, 'apply of attempt ' || n || ', after the success of attempt 2') from generate_series(0, 2) n;
select is(faultline._refused(123456789, 1, 'apply'), 'unknown', 'apply of no job');
select is(provolatile, 's', 'it is stable: what calls it sees one snapshot') from pg_proc where proname = '_refused' and pronamespace = 'faultline'::regnamespace;

select * from finish();
rollback;
