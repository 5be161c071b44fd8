\ir ../../support/prelude.sql
-- The reaper skips what others hold, and waits for nobody. Prepared transactions are the others.
select * from no_plan();
set lock_timeout = '1s';
select running('held'), running('free');
select expired('held', '1 hour'), expired('free');
begin; select from faultline.jobs_live where job_id = id('held') for update; prepare transaction 'holder';
select is(faultline.reap_expired(), 1::bigint, 'the one that nobody holds is reaped');
select is((state_of('held'), state_of('free')), ('running'::text, 'queued'::text), 'the other is left');
rollback prepared 'holder';
select is(faultline.reap_expired(), 1::bigint, 'for the next call');
select running('shared'); select expired('shared');
begin; select from faultline.jobs_live where job_id = id('shared') for share; prepare transaction 'holder';
select is(faultline.reap_expired(), 0::bigint, 'whoever shares a job holds it too');
rollback prepared 'holder';
select is(faultline.reap_expired(), 1::bigint, 'until then');
select * from finish();
