\ir ../../support/operating.sql
select * from no_plan();

select is(faultline._has_queued('a', null), false, 'no job');
select job_in('queued', '{"queue": "a", "priority": 4, "run_at": "2100-01-01"}'), job_in('running', '{"queue": "b"}') \g /dev/null
select is(faultline._has_queued('a', null), true, 'of any level, and not due yet');
select is(faultline._has_queued('b', null), false, 'a running job is not queued');
select is(faultline._has_queued('a', '{"queues": {"a": ["2101-01-01", "2101-01-01", "2101-01-01", "2099-01-01"]}}'), true, 'each level has its own floor');
select is(faultline._has_queued('a', '{"queues": {"a": ["2099-01-01", "2099-01-01", "2099-01-01", "2101-01-01"]}}'), false, 'below which nothing is looked at');
select is(faultline._has_queued('a', '{"queues": {"b": ["2101-01-01"]}}'), true, 'a floor of another queue says nothing');
select is(faultline._has_queued('a', jsonb_build_object('queues', '{"a": [null, null, null, "2100-01-01"]}'::jsonb, 'jobs', jsonb_build_object('a', array[0, 0, 0, j.job_id + more]))),
          more = 0, format('down to the job: %s', case more when 0 then 'the floor''s own is seen' else 'those before the floor''s are not' end))
from faultline.jobs_live j, unnest(array[0, 1]) more where j.queue = 'a';
select is(faultline._has_queued('a', '{"queues": {"a": [null, null, null, "2100-01-01"]}}'), true, 'without a job it begins with its time');
select job_in('queued', '{"queue": "first", "priority": 1}') \g /dev/null
select is(faultline._has_queued('first', '{"queues": {}}'), true, 'of the first level too');
select is(provolatile, 's', 'it is stable: what calls it sees one snapshot') from pg_proc where proname = '_has_queued' and pronamespace = 'faultline'::regnamespace;

select * from finish();
