\ir ../../support/prelude.sql
-- A job that somebody holds at this moment is left out, and nobody waits for it. Prepared transactions are the somebody.
select * from no_plan();
set lock_timeout = '1s';
select running('held'), running('free'), running('linked');
begin; select from faultline.jobs_live where job_id = id('held') for update; prepare transaction 'holder';
begin; select from faultline.jobs_live where job_id = id('linked') for key share; prepare transaction 'referrer';
select answers($$select name_of(job_id), verdict from faultline.heartbeat(runner(1), ids('held', 'free', 'linked'), array[1, 1, 1], '1 hour')$$,
               'free,ok linked,ok', 'the one that is held is left out; a foreign key''s lock is no such thing');
select ok((live('held')).lease_expires_at - clock_timestamp() < '31 s', 'its lease is as it was');
select is(events('held'), '', 'and it is not stale');
rollback prepared 'holder';
rollback prepared 'referrer';
select answers($$select name_of(job_id), verdict from faultline.heartbeat(runner(1), ids('held'), array[1], '1 hour')$$, 'held,ok', 'the next beat tells');
select * from finish();
