\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- ok, repeat, or an exception.
select is(faultline._answer(true, 1, 1, 'complete'), 'ok', 'accepted');
select running('done'); select faultline.complete_job(id('done'), 1);
select repeats($$select faultline._answer(false, id('done'), 1, 'complete')$$, 'repeat', 'accepted before');
select running('failed'); select faultline.fail_job(id('failed'), 1, '{}');
select repeats($$select faultline._answer(false, id('failed'), 1, 'fail')$$, 'repeat', 'accepted before, and on record');
select refuses(format('select faultline._answer(false, id(''done''), 1, %L)', verb), 'FL001', format('attempt 1 of job %s may not %s it: the job is succeeded at attempt 1', id('done'), what), verb || ' of a job that is over')
from (values ('fail', 'fail'), ('release', 'release'), ('snooze', 'snooze'), ('cancelled', 'cancel')) v (verb, what);
select refuses($$select faultline._answer(false, id('failed'), 1, 'complete')$$, 'FL001', format('attempt 1 of job %s may not complete it: the job is queued at attempt 1', id('failed')), 'of a job that lives');
select refuses($$select faultline._answer(false, 123456789, 1, 'complete')$$, 'FL005', 'there is no job 123456789', 'of no job');

select * from finish();
rollback;
