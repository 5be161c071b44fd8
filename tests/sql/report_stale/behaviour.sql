\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- What raised rolled its own record back; this records it, once.
select running('a'); select expired('a'); select faultline.reap_expired();
select refuses($$select faultline.complete_job(id('a'), 1)$$, 'FL001', format('attempt 1 of job %s may not complete it: the job is queued at attempt 1', id('a')), 'a report is refused');
select is(events('a'), 'expire', 'and leaves no trace');
select lives_ok($$select faultline.report_stale(id('a'), 1, 'complete')$$, 'until it is reported');
select is((e.verb, e.attempt, e.runner, e.detail), ('stale'::text, 1, null::uuid, '{"verb": "complete"}'::jsonb), 'recorded, with what it was') from last_event('a') e;
select is((last_event('a')).actor, session_user::text, 'and who logged in');
select faultline.report_stale(id('a'), 1, 'complete');
select is(events('a'), 'expire stale', 'once, however often');
select lives_ok(format('select faultline.report_stale(id(''a''), 1, %L)', verb), verb || ' can be stale')
from unnest(array['fail', 'release', 'snooze', 'cancelled', 'heartbeat', 'apply']) verb;
select is((select array_agg(detail ->> 'verb' order by event_id) from faultline.job_events where job_id = id('a') and verb = 'stale'),
          array['complete', 'fail', 'release', 'snooze', 'cancelled', 'heartbeat', 'apply'], 'each verb once');
select running('beside');
select lives_ok($$select faultline.report_stale(id('a'), 1, 'complete')$$, 'while an attempt 1 of another job runs');
select claimed('a', 2);
select lives_ok($$select faultline.report_stale(id('a'), 3, 'complete')$$, 'an attempt that never was is stale too');
select is((last_event('a')).attempt, 3, 'on record');
select lives_ok($$select faultline.report_stale(id('a'), 0, 'complete')$$, 'and attempt 0');

-- What was accepted is not stale.
select running('done'); select faultline.complete_job(id('done'), 1);
select running('failed'); select faultline.fail_job(id('failed'), 1, '{}');
select faultline.report_stale(id('done'), 1, 'complete'), faultline.report_stale(id('failed'), 1, 'fail');
select is((events('done'), events('failed')), (''::text, 'fail'::text), 'a report that was accepted is not recorded');
select faultline.report_stale(id('done'), 1, 'fail'), faultline.report_stale(id('failed'), 1, 'complete');
select is((events('done'), events('failed')), ('stale'::text, 'fail stale'::text), 'another one of the same attempt is');

-- What can't be stale.
select refuses($$select faultline.report_stale(id('a'), 2, 'complete')$$, 'FL004', format('attempt 2 of job %s is running, nothing of it is stale', id('a')), 'the running attempt');
select refuses(format('select faultline.report_stale(id(''a''), 1, %L)', verb), 'FL004', format('verb %s is not a report', quote_nullable(left(verb, 100))), coalesce(left(verb, 10), 'NULL') || ' is no report')
from unnest(array['claim', '', 'stale', 'Complete', null, repeat('x', 200)]) verb;
select refuses($$select faultline.report_stale(123456789, 1, 'complete')$$, 'FL005', 'there is no job 123456789', 'an unknown job');
select refuses($$select faultline.report_stale(null, 1, 'complete')$$, 'FL004', 'job_id is NULL and attempt is 1', 'no job');
select refuses($$select faultline.report_stale(id('a'), null, 'complete')$$, 'FL004', format('job_id is %s and attempt is NULL', id('a')), 'no attempt');
set local role faultline_runner;
select lives_ok($$select faultline.report_stale(id('a'), 1, 'snooze')$$, 'faultline_runner may');
reset role;

select * from finish();
rollback;
